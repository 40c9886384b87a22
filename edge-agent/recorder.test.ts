import { mkdtempSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { noLog } from "#lib/log.ts";
import type { AccessUnit } from "#lib/media/rtp.ts";
import { framesOf, testVideo } from "#test/harness/video.ts";
import { startRecorder, type RecorderNeeds } from "./recorder.ts";
import { openRelay, type Relay } from "./rtsp/relay.ts";
import type { VideoDescription } from "./rtsp/sdp.ts";
import { openSpool, type Spool } from "./spool.ts";
import { streamTap } from "./stream-tap.ts";

const START = Date.parse("2026-11-24T12:00:00Z");
const folder = mkdtempSync(join(tmpdir(), "gt-recorder-"));
let relay: Relay;
let spool: Spool;
let units: AccessUnit[];
beforeAll(async () => {
  relay = await openRelay();
  spool = await openSpool(folder);
  units = testVideo({ seconds: 24 });
});
afterAll(async () => {
  await relay.close();
  rmSync(folder, { recursive: true });
});

const camera = { camera_id: crypto.randomUUID(), recording_id: crypto.randomUUID() };
const description = (): VideoDescription => ({
  codec: "H264",
  payload_type: 96,
  clock_rate: 90_000,
  parameter_sets: (units[0]?.nals ?? []).slice(0, 2).map((nal) => Buffer.from(nal)),
  control: "",
  audio_codec: null,
});

test("a stream becomes segments cut at key frames, a fragment per group, whose times are those of the relay", async () => {
  let wall = START;
  const needs: RecorderNeeds = {
    relay,
    spool,
    now: () => wall,
    clockOffset: () => 0,
    inTurn: (work) => work(),
    onSegment: () => undefined,
    log: noLog,
  };
  const tap = streamTap({ now: () => wall, monotonic: () => wall, onKeyFrame: () => undefined });
  const recorder = await startRecorder(needs, { ...camera, video: description(), tap });
  // The RTP clock wraps in the middle.
  for (const [index, frames] of framesOf(units, 2 ** 32 - 90_000 * 12).entries()) {
    wall = START + index * 40;
    for (const frame of frames) tap.frame(0, frame);
    if (index === 0) await new Promise((resolve) => setTimeout(resolve, 1000));
    if (index % 25 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await new Promise((resolve) => setTimeout(resolve, 1000));
  recorder.stop();
  expect(await recorder.ended).toEqual({ clean: true });
  const kept = await spool.waiting(10);
  console.log(kept.map(({ segment }) => ({ ...segment, fragments: segment.fragments.length })));
  expect(kept).toHaveLength(3);
  expect((await readFile(kept[0]!.file)).length).toBe(kept[0]!.segment.bytes);
});
