import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SimulatedCamera } from "#demo/rtsp/camera.ts";
import { pathsOf } from "#lib/object-store/file-paths.ts";
import { localCamera } from "#test/harness/local-camera.ts";
import { lookInside } from "#test/harness/look-inside.ts";
import { makePlateCamera, plateClient } from "#test/harness/plate-client.ts";
import { seeded } from "#test/harness/seeded.ts";
import { removeData, signIn, startSystem, until, type Api, type RunningSystem } from "#test/harness/system.ts";

const EVENTS = 2000;
const victims = ["host", "agent", "ffmpeg", "postgres"] as const;
const kills = { host: 5, agent: 5, ffmpeg: 5, postgres: 10 };

let system: RunningSystem;
let api: Api;
let camera: SimulatedCamera;

beforeAll(async () => {
  system = await startSystem({ args: ["--no-demo"] });
  api = await signIn(system);
  camera = await localCamera({ seconds: 4 });
});

afterAll(async () => {
  await system?.stop();
  await camera?.close();
  if (system) removeData(system);
});

describe("kill -9 at any instant", () => {
  test("loses no acknowledged event and doubles none", { timeout: 600_000 }, async () => {
    const chance = seeded("kills");
    const { cidade_id, camera_id, key } = await makePlateCamera(api, "Rua do teste", camera.url);
    await api("POST", "/api/recordings/start", { camera_id });
    await until("a recorder", 30_000, () => pidOf("ffmpeg"));

    const client = plateClient(system, key);
    const posting = client.post(EVENTS);
    let killing = true;
    const beyond = (async () => {
      await posting;
      // Whatever is left to be killed is killed under load too.
      for (let more = EVENTS; killing; more += 20) await client.post(more + 20);
    })();
    for (const victim of chance.shuffled(victims.flatMap((name) => Array<typeof name>(kills[name]).fill(name)))) {
      const pid = await until(`a living ${victim}`, 60_000, () => pidOf(victim));
      await new Promise((resolve) => setTimeout(resolve, 50 + chance.below(700)));
      killNow(pid);
    }
    killing = false;
    await beyond;

    expect(client.acknowledged.length).toBeGreaterThanOrEqual(EVENTS);
    expect(client.without_retry_after).toBe(0);
    // Refused meant refused: what else than "not now" or a cut line would have been an error of ours.
    expect([...client.refusals.keys()].filter((status) => status !== 0 && status !== 503)).toEqual([]);
    // What met a database that was away waits a minute, perhaps twice; a busy machine takes its time for the rest.
    // Its pictures are read as well, and show something like plates: no posts.
    const kept = await until("every acknowledged event", 300_000, async () => {
      const rows = await lookInside(
        system,
        (sql) => sql<{ source_event_id: string; times: number }[]>`
          select source_event_id, count(*)::int as times from lpr_events
          where cidade_id = ${cidade_id} and camera_id = ${camera_id} and source = 'camera' group by 1`,
      ).catch(() => null);
      return rows && rows.length >= client.acknowledged.length ? rows : undefined;
    });
    const times = new Map(kept.map((row) => [row.source_event_id, row.times]));
    expect(client.acknowledged.filter((event) => times.get(event) !== 1)).toEqual([]);
  });

  test("leaves the product's configuration as it is: nothing is faster at the price of durability", async () => {
    const settings = await lookInside(
      system,
      (sql) => sql<{ name: string; setting: string }[]>`
        select name, setting from pg_settings where name in ('fsync', 'synchronous_commit', 'full_page_writes') order by name`,
    );
    expect(settings.map(({ name, setting }) => `${name} ${setting}`)).toEqual([
      "fsync on",
      "full_page_writes on",
      "synchronous_commit on",
    ]);
  });

  test(
    "leaves rows and objects in agreement: each segment's bytes are there with its hash",
    { timeout: 90_000 },
    async () => {
      const segments = await until("segments after the kills", 60_000, async () => {
        const rows = await lookInside(
          system,
          (sql) => sql<{ camera_id: string; boot_id: string; sequence: number; sha256: string; object_key: string }[]>`
          select camera_id, boot_id, sequence::int as sequence, sha256, object_key from recording_segments`,
        );
        return rows.length >= 2 ? rows : undefined;
      });
      const names = segments.map(({ boot_id, sequence }) => `${boot_id} ${sequence}`);
      expect(new Set(names).size).toBe(names.length);
      for (const { sha256, object_key } of segments) expect(await storedHash(object_key)).toBe(sha256);
    },
  );
});

const pidOf = (name: (typeof victims)[number]): number | undefined =>
  system.pids().find((process) => process.name === name)?.pid;

const killNow = (pid: number): void => {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended by itself, e.g. because its parent was killed.
  }
};

const storedHash = async (object_key: string): Promise<string> => {
  const { data } = pathsOf(join(system.data, "objects"), "recordings", object_key);
  return createHash("sha256")
    .update(await readFile(data))
    .digest("hex");
};
