/** Parts of an agent as tests put them together: a spool in a folder of its own, a video, packets into a tap. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NewSegment } from "#functions/streaming/contract.ts";
import { uuidv7 } from "#lib/ids.ts";
import { noLog } from "#lib/log.ts";
import { NAL, nalType } from "#lib/media/h264.ts";
import type { AccessUnit } from "#lib/media/rtp.ts";
import { INTERLEAVED_HEAD_BYTES } from "#lib/media/rtsp.ts";
import { framesOf } from "#test/harness/video.ts";
import { oneAtATime } from "../one-at-a-time.ts";
import type { RecorderNeeds } from "../recorder.ts";
import { openRelay } from "../rtsp/relay.ts";
import type { VideoDescription } from "../rtsp/sdp.ts";
import { openSpool } from "../spool.ts";
import { streamTap, type Tap, type TapNeeds } from "../stream-tap.ts";

export const START = Date.parse("2026-11-24T12:00:00Z");

export const temporaryFolder = (): { path: string; remove(): void } => {
  const path = mkdtempSync(join(tmpdir(), "gt-edge-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
};

export const descriptionOf = (units: readonly AccessUnit[]): VideoDescription => ({
  codec: "H264",
  payload_type: 96,
  clock_rate: 90_000,
  parameter_sets: (units[0]?.nals ?? [])
    .filter((nal) => nalType(nal) === NAL.sps || nalType(nal) === NAL.pps)
    .map((nal) => Buffer.from(nal)),
  control: "",
  audio_codec: null,
});

/** A tap whose clock is the test's. */
export const tapAt = (now: () => number, needs: Partial<TapNeeds> = {}): Tap =>
  streamTap({ now, monotonic: now, onKeyFrame: () => undefined, onJump: () => undefined, ...needs });

/** Sends pictures at the pace of the test's clock; `before` is told the number of each. */
export const feed = async (
  tap: Tap,
  units: readonly AccessUnit[],
  before: (index: number) => void,
  first_rtp_time = 0,
): Promise<void> => {
  for (const [index, frames] of framesOf(units, first_rtp_time).entries()) {
    before(index);
    for (const frame of frames) tap.frame(frame[1] ?? 0, frame, INTERLEAVED_HEAD_BYTES, frame.length);
    if (index % 25 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
};

export const recorderScene = async (now: () => number) => {
  const folder = temporaryFolder();
  const relay = await openRelay();
  const spool = await openSpool(folder.path);
  const segments: NewSegment[] = [];
  const playing: Promise<void>[] = [];
  const needs: RecorderNeeds = {
    relay: {
      ...relay,
      path(video) {
        const path = relay.path(video);
        playing.push(path.playing);
        return path;
      },
    },
    spool,
    now,
    clockOffset: () => 0,
    inTurn: oneAtATime(),
    onSegment: (segment) => void segments.push(segment),
    log: noLog,
  };
  return {
    folder: folder.path,
    spool,
    needs,
    segments,
    /** Resolves when the newest recorder reads. */
    playing: () => playing.at(-1),
    close: async (): Promise<void> => {
      await relay.close();
      folder.remove();
    },
  };
};

export const segmentLike = (values: Partial<NewSegment> = {}): NewSegment => ({
  id: uuidv7(),
  camera_id: uuidv7(),
  recording_id: uuidv7(),
  captured_at: new Date(START).toISOString(),
  wall_end: new Date(START + 10_000).toISOString(),
  journalled_at: new Date(START + 10_000).toISOString(),
  media_duration_ms: 10_000,
  clock_offset_ms: 0,
  boot_id: uuidv7(),
  sequence: 0,
  codec: "avc1.42c01e",
  width: 320,
  height: 180,
  bytes: 3,
  sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  init_length: 1,
  fragments: [{ offset: 1, length: 2, start_ms: 0, duration_ms: 10_000 }],
  ...values,
});
