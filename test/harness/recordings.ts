/** A city with a recorded camera, and segments as an agent hands them in: real fMP4 by FFmpeg, or a few bytes where nobody looks. */
import { spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NewSegment } from "#functions/streaming/contract.ts";
import { objectKeyOf } from "#functions/streaming/segments.ts";
import type { Permission } from "#lib/function/permissions.ts";
import { uuidv7 } from "#lib/ids.ts";
import { readFragments, readInit } from "#lib/media/fmp4.ts";
import type { TestHost } from "./host.ts";

export const everythingOfRecordings: Permission[] = [
  "live.view",
  "recordings.view",
  "recordings.manage",
  "clips.create",
];

export type Recorded = { segment: NewSegment; bytes: Uint8Array };

export const recordedCity = async (host: TestHost) => {
  const city = await host.city();
  const agent = await host.asAgent(city.id);
  const camera_id = await host.camera(city.id, { agent_id: agent.id });
  const operator = await host.as(everythingOfRecordings, [city.id]);
  const started = await operator.post("/api/recordings/start", { camera_id });
  if (started.status !== 200) throw new Error(`No recording: ${JSON.stringify(started.body)}`);
  const recording_id: string = started.body.id;
  const store = ({ segment, bytes }: Recorded) =>
    host.objects.put("recordings", objectKeyOf(city.id, segment), bytes, { content_type: "video/mp4" });
  const report = (...recorded: readonly Recorded[]) =>
    agent.post("/api/agents/segments", { segments: recorded.map(({ segment }) => segment) });
  return {
    cidade_id: city.id,
    agent,
    camera_id,
    recording_id,
    operator,
    store,
    report,
    /** Stores and reports, as an agent does. */
    async record(...recorded: readonly Recorded[]): Promise<void> {
      for (const one of recorded) await store(one);
      const answer = await report(...recorded);
      if (answer.body.accepted?.length !== recorded.length) throw new Error(JSON.stringify(answer.body));
    },
    /** A segment in form, whose bytes are no video. */
    plain: (captured_at: Date, media_duration_ms = 10_000, changes: Partial<NewSegment> = {}): Recorded => {
      const bytes = randomBytes(64);
      const fragments = [{ offset: 16, length: 48, start_ms: 0, duration_ms: media_duration_ms }];
      const facts = { captured_at, media_duration_ms, init_length: 16, fragments, codec: "avc1.42c01f" };
      return { bytes, segment: { ...segmentOf({ camera_id, recording_id }, bytes, facts), ...changes } };
    },
    /** One boot of the agent: files that follow each other from `start` on. */
    segments: (files: readonly Buffer[], start: Date): Recorded[] => {
      const boot_id = uuidv7();
      return files.map((bytes, sequence) => {
        const { first, ...facts } = factsOf(bytes);
        const captured_at = new Date(start.getTime() + first);
        return {
          bytes,
          segment: { ...segmentOf({ camera_id, recording_id }, bytes, { ...facts, captured_at }), boot_id, sequence },
        };
      });
    },
  };
};
export type RecordedCity = Awaited<ReturnType<typeof recordedCity>>;

type Facts = Pick<NewSegment, "media_duration_ms" | "init_length" | "fragments" | "codec"> & { captured_at: Date };

const segmentOf = (
  of: { camera_id: string; recording_id: string },
  bytes: Uint8Array,
  { captured_at, ...facts }: Facts,
): NewSegment => {
  const wall_end = new Date(captured_at.getTime() + facts.media_duration_ms).toISOString();
  return {
    ...of,
    ...facts,
    id: uuidv7(captured_at),
    captured_at: captured_at.toISOString(),
    wall_end,
    journalled_at: wall_end,
    clock_offset_ms: 0,
    boot_id: uuidv7(),
    sequence: 0,
    width: 320,
    height: 180,
    bytes: bytes.byteLength,
    sha256: createHash("sha256").update(bytes).digest("hex"),
  };
};

/** `first`: ms from the beginning of the recording. */
export const factsOf = (bytes: Buffer) => {
  const init = readInit(bytes);
  const found = readFragments(bytes);
  const [first, last] = [found[0], found.at(-1)];
  if (!init || !first || !last) throw new Error("FFmpeg wrote no fragments");
  const ms = (ticks: number): number => Math.round((ticks / init.timescale) * 1000);
  return {
    first: ms(first.decode_time),
    media_duration_ms: ms(last.decode_time + last.duration - first.decode_time),
    init_length: init.length,
    codec: init.codec,
    fragments: found.map(({ offset, length, decode_time, duration }) => ({
      offset,
      length,
      start_ms: ms(decode_time - first.decode_time),
      duration_ms: ms(duration),
    })),
  };
};

/** Files of 10 s as the agent's FFmpeg writes them: 25 pictures a second, a key frame every 2 s. */
export const recordVideo = (seconds: number, size = "320x180", more: readonly string[] = []): Buffer[] => {
  const folder = mkdtempSync(join(tmpdir(), "gt-recording-"));
  try {
    const args = [
      ["-v", "error", "-f", "lavfi", "-i", `testsrc2=size=${size}:rate=25`, "-t", String(seconds)],
      ["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-threads", "1", "-pix_fmt", "yuv420p"],
      ["-g", "50", "-keyint_min", "50", "-sc_threshold", "0", ...more, "-f", "segment", "-segment_format", "mp4"],
      [
        "-segment_format_options",
        "movflags=frag_keyframe+empty_moov+default_base_moof+frag_discont:use_editlist=0:avoid_negative_ts=disabled",
      ],
      ["-segment_time", "10", `${folder}/%08d.mp4`],
    ].flat();
    const made = spawnSync("ffmpeg", args);
    if (made.status !== 0) throw new Error(`FFmpeg: ${made.stderr.toString()}`);
    const files = readdirSync(folder).toSorted();
    return files.map((file) => readFileSync(join(folder, file)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
