/**
 * `node test/bench/clip.ts [--rounds 5]`: what a clip of 60 s across seven segments of 1080p25 at 4 Mbit/s costs, from the object
 * store and back into it, beside FFmpeg alone that joins the same files. Nothing is decoded but the small first picture.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { planCut, type CutPlan } from "#functions/streaming/cut-plan.ts";
import { firstPicture, joinPieces, remux } from "#functions/streaming/cutting.ts";
import type { SegmentRow } from "#functions/streaming/segments.ts";
import { uuidv7 } from "#lib/ids.ts";
import { fileStore } from "#lib/object-store/file.ts";
import type { ObjectStore } from "#lib/object-store/object-store.ts";
import { keysFrom } from "#lib/secrets/key-rings.ts";
import { newMaterial } from "#lib/secrets/material.ts";
import { factsOf, recordVideo } from "#test/harness/recordings.ts";
import { cpuSeconds, percentile } from "./processes.ts";

const { values } = parseArgs({ options: { rounds: { type: "string", default: "5" } } });
const [ASKED_FROM, ASKED_TO] = [3500, 63_500];
const LIMIT_SECONDS = 1;

const folder = mkdtempSync(join(tmpdir(), "gt-bench-clip-"));
const begin = new Date(0);

const segmentsIn = async (store: ObjectStore, files: readonly Buffer[]): Promise<SegmentRow[]> => {
  const ids = { recording_id: uuidv7(), boot_id: uuidv7() };
  return Promise.all(
    files.map(async (bytes, sequence) => {
      const { first, ...facts } = factsOf(bytes);
      const captured_at = new Date(begin.getTime() + first);
      const [object_key, sha256] = [`bench/${sequence}.mp4`, createHash("sha256").update(bytes).digest("hex")];
      await store.put("recordings", object_key, bytes, { content_type: "video/mp4", sha256 });
      const wall_end = new Date(captured_at.getTime() + facts.media_duration_ms);
      const of = { ...ids, id: uuidv7(captured_at), sequence, object_key, sha256, captured_at, wall_end };
      return { ...facts, ...of, bytes: bytes.byteLength, width: 1920, height: 1080 } as SegmentRow;
    }),
  );
};

const cut = async (store: ObjectStore, { pieces }: CutPlan, round: number): Promise<void> => {
  const at = (name: string): string => join(folder, `${round}-${name}`);
  const { signal } = new AbortController();
  await joinPieces(store, pieces, at("joined.mp4"));
  await remux(at("joined.mp4"), at("clip.mp4"), signal);
  await firstPicture(at("clip.mp4"), at("clip.jpg"), signal);
  const file = createReadStream(at("clip.mp4")) as AsyncIterable<Uint8Array>;
  await store.put("clips", `bench/${round}.mp4`, file, { content_type: "video/mp4" });
};

const joinBare = (files: readonly Buffer[]): void => {
  const names = files.map((bytes, index) => {
    const name = join(folder, `bare-${index}.mp4`);
    writeFileSync(name, bytes);
    return `file '${name}'`;
  });
  writeFileSync(join(folder, "list.txt"), names.join("\n"));
  const input = ["-f", "concat", "-safe", "0", "-i", join(folder, "list.txt")];
  const args = ["-v", "error", "-y", ...input, "-c", "copy", "-movflags", "+faststart", join(folder, "bare.mp4")];
  if (spawnSync("ffmpeg", args).status !== 0) throw new Error("FFmpeg could not join the files");
};

const cost = async (work: () => Promise<void> | void): Promise<number> => {
  const before = cpuSeconds(process.pid);
  await work();
  return cpuSeconds(process.pid) - before;
};

try {
  console.log("Recording 70 s of 1080p25 at 4 Mbit/s …");
  const rate = ["-b:v", "4M", "-minrate", "4M", "-maxrate", "4M", "-bufsize", "2M", "-x264-params", "nal-hrd=cbr"];
  const files = recordVideo(70, "1920x1080", rate);
  const store = await fileStore(join(folder, "objects"), { keys: keysFrom(await newMaterial(new Date())) });
  const plan = planCut(await segmentsIn(store, files), new Date(ASKED_FROM), new Date(ASKED_TO), []);
  if (!plan) throw new Error("nothing was recorded");
  const [ours, bare]: [number[], number[]] = [[], []];
  for (let round = 0; round < Number(values.rounds); round += 1) {
    ours.push(await cost(() => cut(store, plan, round)));
    bare.push(await cost(() => joinBare(files)));
  }
  const median = { ours: percentile(ours, 0.5), bare: percentile(bare, 0.5) };
  const megabytes = files.reduce((sum, { byteLength }) => sum + byteLength, 0) / 1e6;
  console.log(
    [
      `${files.length} segments, ${megabytes.toFixed(1)} MB; ${plan.actual_start.toISOString()} to ${plan.actual_end.toISOString()}`,
      `clip:   ${median.ours.toFixed(2)} s of CPU (most ${Math.max(...ours).toFixed(2)} s; limit ${LIMIT_SECONDS} s)`,
      `FFmpeg: ${median.bare.toFixed(2)} s of CPU, ratio ${(median.ours / median.bare).toFixed(2)}`,
    ].join("\n"),
  );
  if (median.ours > LIMIT_SECONDS) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true });
}
