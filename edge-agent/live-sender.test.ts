import { spawnSync } from "node:child_process";
import { beforeEach, describe, expect, test } from "vitest";
import { boxesIn, readInit } from "#lib/media/fmp4.ts";
import { LIVE_HEADER_BYTES } from "#lib/wire/live.ts";
import { testVideo } from "#test/harness/video.ts";
import { liveViewer } from "./live-sender.ts";
import { descriptionOf, feed, START, tapAt } from "./testing/scene.ts";

let wall = START;
beforeEach(() => void (wall = START));

/** What a player gets: one file, and the header of each picture. */
const shown = async (units: ReturnType<typeof testVideo>, joinsAt = 0) => {
  const parts: Buffer[] = [];
  const headers: { captured_at_ms: number; key: boolean; discontinuity: boolean }[] = [];
  const viewer = liveViewer(
    {
      text: () => undefined,
      media(kind, header, head, body) {
        parts.push(Buffer.concat([Buffer.from(head).subarray(LIVE_HEADER_BYTES), body]));
        if (kind === 2) headers.push(header);
      },
      backlog: () => 0,
    },
    descriptionOf(units).parameter_sets,
  );
  const tap = tapAt(() => wall);
  await feed(tap, units, (index) => {
    if (index === joinsAt) tap.attachViewer(viewer);
    wall = START + index * 40;
  });
  return { file: Buffer.concat(parts), headers };
};
type Packet = { pts: number; dts: number; flags: string };
const packetsOf = (file: Buffer): Packet[] => {
  const args = ["-v", "error", "-show_entries", "packet=pts,dts,flags", "-of", "json", "-i", "pipe:0"];
  const { stdout, stderr } = spawnSync("ffprobe", args, { input: file });
  expect(stderr.toString()).toBe("");
  return (JSON.parse(stdout.toString()) as { packets: Packet[] }).packets;
};
const decoded = (file: Buffer): number => {
  const args = [
    "-v",
    "error",
    "-i",
    "pipe:0",
    "-fps_mode",
    "passthrough",
    "-f",
    "rawvideo",
    "-pix_fmt",
    "gray",
    "pipe:1",
  ];
  const { stdout, stderr } = spawnSync("ffmpeg", args, { input: file, maxBuffer: 1e9 });
  expect(stderr.toString()).toBe("");
  return stdout.length / (320 * 180);
};
const steps = (values: readonly number[]): number[] =>
  values.slice(1).map((value, index) => value - (values[index] ?? 0));

describe("pictures that are shown in the order of sending", () => {
  test("are decoded when they are shown, from the group on in which somebody joins", async () => {
    const units = testVideo({ seconds: 3 });
    const { file, headers } = await shown(units, 30);
    const packets = packetsOf(file);
    expect(packets).toHaveLength(50);
    expect(packets.every(({ pts, dts }) => pts === dts)).toBe(true);
    expect(new Set(steps(packets.map(({ pts }) => pts)))).toEqual(new Set([3600]));
    expect(headers.map(({ captured_at_ms }) => captured_at_ms - START)).toEqual(
      units.slice(25).map((_, at) => 1000 + at * 40),
    );
    expect(decoded(file)).toBe(50);
  });
});

describe.each([2, 3])("pictures of a camera with %i B-frames", (b_frames) => {
  const units = testVideo({ seconds: 4, b_frames });
  // What was sent before the first of them was known is of no use; the rest of that group is left out.
  const used = units.slice(25);

  test("have times that rise evenly, and are shown when they should be, from the second group on", async () => {
    const { file, headers } = await shown(units);
    const first = headers.findIndex(({ discontinuity }) => discontinuity);
    expect(first).toBeLessThanOrEqual(3);
    const packets = packetsOf(file).slice(first);
    expect(packets.map(({ pts }) => pts - (packets[0]?.pts ?? 0))).toEqual(
      used.map(({ rtp_time }) => rtp_time - (used[0]?.rtp_time ?? 0)),
    );
    expect(new Set(steps(packets.map(({ dts }) => dts)))).toEqual(new Set([3600]));
    expect(packets.filter(({ pts, dts }) => pts < dts)).toEqual([]);
    expect(decoded(file)).toBe(first + used.length);
  });

  test("bear the time at which each was taken", async () => {
    const { headers } = await shown(units);
    const captured = headers.slice(-used.length).map(({ captured_at_ms }) => captured_at_ms);
    const begin = captured[0] ?? 0;
    expect(captured.map((at) => Math.round(at - begin))).toEqual(
      used.map(({ rtp_time }) => (rtp_time - (used[0]?.rtp_time ?? 0)) / 90),
    );
    // None is younger than its arrival.
    expect(captured.every((at, index) => at <= START + (index + 25) * 40)).toBe(true);
  });
});

test("what begins a file is whole, and each picture is a fragment", async () => {
  const { file } = await shown(testVideo({ seconds: 1 }));
  expect(readInit(file)).toMatchObject({ width: 320, height: 180, timescale: 90_000 });
  expect(boxesIn(file).map(({ type }) => type)).toEqual([
    "ftyp",
    "moov",
    ...Array.from({ length: 25 }, () => ["moof", "mdat"]).flat(),
  ]);
});
