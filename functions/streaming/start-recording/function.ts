import { http } from "#lib/function/define.ts";
import { AppError } from "#lib/errors.ts";
import { knownCamera } from "../cameras.ts";
import { OfCamera, Recording } from "../contract.ts";
import { recordingOf, startRecordingOf } from "../recordings.ts";

export const startRecording = http({
  name: "start-recording",
  summary: "Records a camera from now on; the running recording is the answer when there is one",
  http: {
    method: "POST",
    path: "/api/recordings/start",
    access: { permission: "recordings.manage", cities: "callers" },
  },
  needs: ["sql", "outbox", "clock", "ids", "audit"],
  audited: true,
  input: OfCamera,
  output: Recording,
  async handle({ camera_id }, { sql, outbox, clock, ids, audit }): Promise<Recording> {
    const camera = await knownCamera(sql, camera_id);
    if (!camera.is_active || camera.agent_id === null) {
      throw new AppError("invalid", "This camera has nothing to record", { reason: "recording.no_stream" });
    }
    const row = await startRecordingOf({ sql, outbox, ids, now: clock() }, camera);
    audit.note({ object_type: "recording", object_id: row.id, cidade_id: camera.cidade_id, details: { camera_id } });
    return recordingOf(row);
  },
});
