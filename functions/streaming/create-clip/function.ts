import { AppError } from "#lib/errors.ts";
import { http } from "#lib/function/define.ts";
import { knownCamera } from "../cameras.ts";
import { clipOf, insertClip, LONGEST_CLIP_MS } from "../clips.ts";
import { Clip, ClipRequested, NewClip } from "../contract.ts";
import { findRecordingIn } from "../segments.ts";
import { readWindow } from "../timeline.ts";

export const createClip = http({
  name: "create-clip",
  summary: "Asks for a clip of a recording; it is cut in the background",
  http: { method: "POST", path: "/api/clips", access: { permission: "clips.create", cities: "callers" }, status: 202 },
  needs: ["sql", "outbox", "objects", "clock", "ids", "audit"],
  audited: true,
  input: NewClip,
  output: Clip,
  async handle({ camera_id, nome, ...asked }, { sql, outbox, objects, clock, ids, audit, caller }): Promise<Clip> {
    const { from, to } = readWindow({ from: asked.start_time, to: asked.end_time }, LONGEST_CLIP_MS);
    const { cidade_id } = await knownCamera(sql, camera_id);
    const recording_id = await findRecordingIn(sql, { cidade_id, camera_id }, from, to);
    if (recording_id === null)
      throw new AppError("invalid", "Nothing was recorded in this interval", { reason: "clip.nothing_recorded" });
    const id = ids();
    const row = await insertClip(sql, {
      cidade_id,
      id,
      recording_id,
      camera_id,
      nome: nome ?? null,
      start_time: from,
      end_time: to,
      created_by: caller.id,
      created_at: clock(),
    });
    await outbox.add(ClipRequested, { clip_id: id, cidade_id }, { subject: id });
    audit.note({ object_type: "clip", object_id: id, cidade_id, details: { camera_id, ...asked } });
    return clipOf(objects, row);
  },
});
