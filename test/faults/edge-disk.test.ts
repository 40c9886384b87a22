/** A spool volume that fills up: a small tmpfs of its own, mounted by the test. */
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { desired, edgeScene, type EdgeScene } from "#edge-agent/testing/edge-scene.ts";

const MB = 1024 * 1024;
const VOLUME_MB = 48;
const RESERVE_MB = 16;

let scene: EdgeScene;
let volume = "";
beforeEach(async () => {
  scene = await edgeScene();
  volume = join(scene.folder, "volume");
  mkdirSync(volume);
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${VOLUME_MB}m`, "tmpfs", volume]);
  if (mounted.status !== 0) throw new Error(`This test mounts a tmpfs and may not: ${mounted.stderr.toString()}`);
});
afterEach(async () => {
  spawnSync("umount", ["-l", volume]);
  await scene.close();
});

const free = (): number => {
  const { bavail, bsize } = statfsSync(volume);
  return bavail * bsize;
};

test("recording stops at the reserve, says why, and goes on by itself", { timeout: 300_000 }, async () => {
  const one = desired((await scene.camera()).url);
  const agent = scene.start({ dir: join(volume, "agent"), reserve_bytes: RESERVE_MB * MB });
  scene.server.desire([one]);
  await scene.said(one.id, ({ recording }) => recording);
  writeFileSync(join(volume, "others"), Buffer.alloc((VOLUME_MB - RESERVE_MB + 1) * MB));
  const full = await scene.said(one.id, ({ status, recording }) => status === "DISCO_CHEIO" && !recording);
  expect(full).toMatchObject({ cause: "disk_reserve" });
  await scene.until("no writer", () => (agent.writers().length === 0 ? true : undefined));
  expect(free()).toBeGreaterThan((RESERVE_MB - 4) * MB);
  const open = await scene.until("the hole", () => scene.server.gaps.find(({ cause }) => cause === "disk"));
  expect(open).toMatchObject({ camera_id: one.id, ends_at: null, detail: "disk_reserve" });

  rmSync(join(volume, "others"));
  await scene.said(one.id, ({ status, recording }) => status === "ONLINE" && recording);
  const closed = await scene.until("its end", () => scene.server.gaps.find(({ ends_at }) => ends_at !== null));
  expect(closed).toMatchObject({ cause: "disk", starts_at: open.starts_at });
});

test(
  "filled to the last byte by others, it loses only what could not be written, and recovers",
  { timeout: 300_000 },
  async () => {
    scene.server.refuse((path) => (path.startsWith("/api/agents/segments") ? 503 : null));
    const one = desired((await scene.camera()).url);
    scene.start({ dir: join(volume, "agent"), reserve_bytes: RESERVE_MB * MB });
    scene.server.desire([one]);
    await scene.said(one.id, ({ recording }) => recording);
    try {
      writeFileSync(join(volume, "others"), Buffer.alloc(VOLUME_MB * MB));
    } catch {
      // To the last byte: that is what was wanted.
    }
    await scene.said(one.id, ({ status }) => status === "DISCO_CHEIO");
    rmSync(join(volume, "others"));
    await scene.said(one.id, ({ status, recording }) => status === "ONLINE" && recording);
    scene.server.refuse(null);
    await scene.until("segments", () => (scene.server.segments.size > 0 ? true : undefined));
  },
);
