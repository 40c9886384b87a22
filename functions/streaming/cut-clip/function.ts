import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AppError } from "#lib/errors.ts";
import { queue, type Needs } from "#lib/function/define.ts";
import { findClip, type ClipRow } from "../clips.ts";
import { ClipFailed, ClipFailure, ClipReady, ClipRequested } from "../contract.ts";
import { planCut, type CutPlan } from "../cut-plan.ts";
import { firstPicture, joinPieces, remux } from "../cutting.ts";
import { listGapRows, MOST_GAPS } from "../gaps.ts";
import { listSegmentRows } from "../segments.ts";

type Needed = Needs<["transaction", "objects", "clock"]>;

export const cutClip = queue({
  name: "cut-clip",
  summary: "Cuts a clip from its recording, without decoding a picture",
  queue: { event: ClipRequested, parallel: 1 },
  timeout_seconds: 600,
  needs: ["transaction", "objects", "clock"],
  async handle({ clip_id }, needs) {
    const { clip, segments, known } = await needs.transaction(async ({ sql }) => {
      const found = await findClip(sql, clip_id);
      const { cidade_id, camera_id, start_time, end_time } = found;
      await sql`update clips set status = 'CUTTING' where id = ${clip_id} and status = 'PENDING'`;
      return {
        clip: found,
        segments: await listSegmentRows(sql, found, start_time, end_time),
        known: await listGapRows(sql, cidade_id, camera_id, start_time, end_time, MOST_GAPS),
      };
    });
    if (clip.status === "READY") return removeUnfinished(needs, clip_id);
    if (clip.status === "FAILED") return;
    const plan = planCut(segments, clip.start_time, clip.end_time, known);
    if (!plan) return fail(needs, clip, "clip.nothing_recorded");
    try {
      await cut(needs, clip, plan);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== "final") throw error;
      await fail(needs, clip, ClipFailure.catch("clip.failed").parse(error.reason));
    }
  },
});

const cut = async (needs: Needed, clip: ClipRow, plan: CutPlan): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), "gt-clip-"));
  const [joined, file, picture] = ["joined.mp4", "clip.mp4", "clip.jpg"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  try {
    await joinPieces(needs.objects, plan.pieces, joined);
    await remux(joined, file, needs.signal);
    await firstPicture(file, picture, needs.signal);
    const stored = await store(needs, clip, file, picture);
    await finish(needs, clip, plan, stored);
    await removeUnfinished(needs, clip.id);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

type Stored = { storage_path: string; thumbnail_path: string; sha256: string; bytes: number };

const store = async ({ objects }: Needed, clip: ClipRow, file: string, picture: string): Promise<Stored> => {
  const sha256 = await hashOfFile(file);
  const { size } = await stat(file);
  // The hash is part of the key: should another FFmpeg join the bytes differently, a second run is still a success.
  const base = `${clip.cidade_id}/${clip.id}-${sha256.slice(0, 16)}`;
  await objects.put("clips", `${base}.mp4`, createReadStream(file) as AsyncIterable<Uint8Array>, {
    content_type: "video/mp4",
    sha256,
  });
  await objects.put("thumbnails", `${base}.jpg`, await readFile(picture), { content_type: "image/jpeg" });
  return { storage_path: `${base}.mp4`, thumbnail_path: `${base}.jpg`, sha256, bytes: size };
};

/** What a cut that was killed before its end had stored: where a segment came meanwhile, it has other bytes than the clip. */
const removeUnfinished = async ({ transaction, objects }: Needed, id: string): Promise<void> => {
  const clip = await transaction(({ sql }) => findClip(sql, id));
  const kept = { clips: clip.storage_path, thumbnails: clip.thumbnail_path };
  for (const bucket of ["clips", "thumbnails"] as const)
    for (const { key } of await objects.list(bucket, `${clip.cidade_id}/${id}-`))
      if (clip.status === "READY" && key !== kept[bucket]) await objects.delete(bucket, key);
};

const hashOfFile = async (file: string): Promise<string> => {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest("hex");
};

const finish = (needs: Needed, clip: ClipRow, plan: CutPlan, stored: Stored): Promise<void> =>
  needs.transaction(async ({ sql, outbox, once }) => {
    if (!(await once())) return;
    const { actual_start, actual_end } = plan;
    const ready = {
      ...stored,
      actual_start,
      actual_end,
      status: "READY",
      ready_at: needs.clock(),
      file_size_mb: (stored.bytes / 1e6).toFixed(2),
    };
    await sql`update clips set ${sql(ready)}, gaps = ${sql.json(plan.gaps)} where id = ${clip.id}`;
    await outbox.add(ClipReady, { clip_id: clip.id, cidade_id: clip.cidade_id }, { subject: clip.id });
  });

const fail = (needs: Needed, clip: ClipRow, failure: ClipFailure): Promise<void> =>
  needs.transaction(async ({ sql, outbox, once }) => {
    if (!(await once())) return;
    await sql`update clips set status = 'FAILED', failure = ${failure} where id = ${clip.id}`;
    await outbox.add(ClipFailed, { clip_id: clip.id, cidade_id: clip.cidade_id, failure }, { subject: clip.id });
  });
