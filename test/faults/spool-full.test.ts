/** A full disk, or a kill, in the middle of writing the spool leaves nothing that nobody comes back for. */
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { openSpool } from "#edge-agent/spool.ts";
import { uuidv7 } from "#lib/ids.ts";
import { smallVolume } from "#test/harness/small-volume.ts";

const volume = smallVolume(2);
afterAll(() => volume?.remove());

const run = () => ({
  boot_id: uuidv7(),
  camera_id: uuidv7(),
  recording_id: uuidv7(),
  origin_ms: 0,
  clock_offset_ms: 0,
});
const gap = {
  camera_id: uuidv7(),
  starts_at: new Date(0).toISOString(),
  ends_at: null,
  cause: "disk",
  detail: null,
} as const;

describe.skipIf(volume === null)("a spool on a full disk", () => {
  test("keeps neither the folder of a run that could not begin nor half a word", async () => {
    const dir = join(volume!.path, "spool");
    const spool = await openSpool(dir);
    volume!.fill();
    await expect(spool.begin(run())).rejects.toThrow("ENOSPC");
    await expect(spool.keepGap("one", gap)).rejects.toThrow("ENOSPC");
    volume!.empty();
    expect(["recording", "ready"].flatMap((name) => readdirSync(join(dir, name)))).toEqual([]);
    const next = run();
    await spool.begin(next);
    expect(readdirSync(join(dir, "recording"))).toEqual([next.boot_id]);
  });

  test("forgets at its start what a kill left half written", async () => {
    const dir = join(volume!.path, "killed");
    await openSpool(dir);
    writeFileSync(join(dir, "ready", "gap-one.json.new"), "{");
    await openSpool(dir);
    expect(readdirSync(join(dir, "ready"))).toEqual([]);
  });
});
