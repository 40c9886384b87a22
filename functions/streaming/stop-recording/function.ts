import { http } from "#lib/function/define.ts";
import { AppError } from "#lib/errors.ts";
import { knownCamera } from "../cameras.ts";
import { OfCamera, Recording } from "../contract.ts";
import { recordingOf, stopRecordingOf } from "../recordings.ts";

export const stopRecording = http({
  name: "stop-recording",
  summary: "Stops recording a camera; what was recorded stays",
  http: {
    method: "POST",
    path: "/api/recordings/stop",
    access: { permission: "recordings.manage", cities: "callers" },
  },
  needs: ["sql", "outbox", "clock", "ids", "audit"],
  audited: true,
  input: OfCamera,
  output: Recording,
  async handle({ camera_id }, { sql, outbox, clock, ids, audit }): Promise<Recording> {
    const camera = await knownCamera(sql, camera_id);
    const row = await stopRecordingOf({ sql, outbox, ids, now: clock() }, camera);
    if (!row) throw new AppError("conflict", "This camera is not being recorded", { reason: "recording.not_running" });
    audit.note({ object_type: "recording", object_id: row.id, cidade_id: camera.cidade_id, details: { camera_id } });
    return recordingOf(row);
  },
});
