/** kill -9 of the agent, and of FFmpeg, at random instants: what was finished is neither lost, nor overwritten, nor there twice. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { desired, edgeScene, type EdgeScene } from "#edge-agent/testing/edge-scene.ts";
import type { NewSegment } from "#functions/streaming/contract.ts";

const KILLS = 5;
const SEED = 20_261_125;
/** mulberry32 */
const randomOf = (seed: number) => {
  let state = seed;
  return (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

let scene: EdgeScene;
beforeEach(async () => void (scene = await edgeScene()));
afterEach(() => scene.close());

const arrived = (): NewSegment[] =>
  [...scene.server.segments.values()]
    .map(({ segment }) => segment)
    .toSorted((a, b) => a.captured_at.localeCompare(b.captured_at));

/** After a number of pictures that chance says: not by the clock, so that a busy machine changes nothing. */
const afterPictures = async (camera: { onPicture(heard: () => void): void }, count: number): Promise<void> => {
  let seen = 0;
  camera.onPicture(() => (seen += 1));
  await scene.until(`${count} pictures`, () => (seen >= count ? true : undefined));
};

/** Holes between what arrived, in groups of pictures of a second. */
const holes = (): number[] => {
  const all = arrived();
  return all.slice(1).map((segment, index) => Date.parse(segment.captured_at) - Date.parse(all[index]?.wall_end ?? ""));
};

describe("kill -9", { timeout: 400_000 }, () => {
  test("of the agent, five times at random instants while it records", async () => {
    const random = randomOf(SEED);
    const camera = await scene.camera();
    const one = desired(camera.url);
    let agent = scene.start();
    scene.server.desire([one]);
    const onDisk = new Set<string>();
    const downs: [number, number][] = [];
    for (let kill = 0; kill < KILLS; kill += 1) {
      await scene.said(
        one.id,
        ({ recording, last_captured_at_ms }) => recording && (last_captured_at_ms ?? 0) > (downs.at(-1)?.[1] ?? 0),
      );
      await afterPictures(camera, 60 + Math.floor(random() * 300));
      for (const name of finishedOnDisk()) onDisk.add(name);
      const killed = Date.now();
      await agent.kill();
      agent = scene.start();
      downs.push([killed, Date.now()]);
    }
    await scene.said(
      one.id,
      ({ recording, last_captured_at_ms }) => recording && (last_captured_at_ms ?? 0) > (downs.at(-1)?.[1] ?? 0),
    );
    await scene.until("a last segment", () =>
      arrived().find(({ captured_at }) => Date.parse(captured_at) > (downs.at(-1)?.[1] ?? 0)),
    );
    await agent.stop();
    agent = scene.start();
    await scene.until("an empty spool", () => (entries("ready", ".mp4").length === 0 ? true : undefined));
    await agent.stop();

    const all = arrived();
    const names = all.map(({ boot_id, sequence }) => `${boot_id}-${sequence}`);
    expect([...onDisk].filter((name) => !names.includes(name))).toEqual([]);
    expect(scene.server.conflicts).toEqual([]);
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
    // Runs never share a name; within each, no number is missing.
    for (const boot_id of new Set(all.map((segment) => segment.boot_id))) {
      const sequences = all.filter((segment) => segment.boot_id === boot_id).map(({ sequence }) => sequence);
      expect(sequences.toSorted((a, b) => a - b)).toEqual(sequences.map((_, index) => index));
    }
    // A hole for each kill at most, and none but around a kill or the last stop.
    expect(holes().filter((hole) => hole > 1000).length).toBeLessThanOrEqual(KILLS + 1);
    expect(Math.min(...holes())).toBeGreaterThan(-200);
  });

  test("of FFmpeg, five times: the agent begins anew and keeps what was whole", async () => {
    const random = randomOf(SEED + 1);
    const camera = await scene.camera();
    const one = desired(camera.url);
    const agent = scene.start();
    scene.server.desire([one]);
    let last = 0;
    for (let kill = 0; kill < KILLS; kill += 1) {
      const [pid = 0] = await scene.until("another writer", () => {
        const writers = agent.writers();
        return writers[0] !== undefined && writers[0] !== last && finishedIn(writers[0]) ? writers : undefined;
      });
      await afterPictures(camera, 50 + Math.floor(random() * 100));
      last = pid;
      process.kill(pid, "SIGKILL");
      expect(scene.state(one.id)?.status).toBe("ONLINE");
    }
    await scene.until("another writer", () =>
      agent.writers()[0] !== undefined && agent.writers()[0] !== last ? true : undefined,
    );
    await agent.stop();
    scene.start();
    await scene.until("an empty spool", () =>
      entries("ready", ".mp4").length === 0 && arrived().length > KILLS ? true : undefined,
    );
    expect(scene.server.conflicts).toEqual([]);
    expect(new Set(arrived().map(({ boot_id }) => boot_id)).size).toBeGreaterThan(KILLS);
    expect(Math.min(...holes())).toBeGreaterThan(-200);
  });
});

const entries = (folder: string, end: string): string[] =>
  readdirSync(join(scene.spool, folder)).filter((name) => name.endsWith(end));

/** Names of what is finished: journalled, or followed by another file of its run. */
const finishedOnDisk = (): string[] => {
  const ready = entries("ready", ".mp4").map((name) => `${name.slice(0, 36)}-${Number(name.slice(37, 45))}`);
  const runs = readdirSync(join(scene.spool, "recording"));
  const written = runs.flatMap((boot_id) => {
    const files = readdirSync(join(scene.spool, "recording", boot_id)).filter((name) => name.endsWith(".mp4"));
    return files
      .toSorted()
      .slice(0, -1)
      .map((name) => `${boot_id}-${Number(name.slice(0, 8))}`);
  });
  return [...ready, ...written];
};

/** Has this writer written anything yet? */
const finishedIn = (pid: number): boolean => {
  try {
    return readdirSync(`/proc/${pid}/fd`).length > 4;
  } catch {
    return false;
  }
};
