import { queue } from "#lib/function/define.ts";
import { CameraCreated } from "#functions/cidades/contract.ts";
import { knownCamera } from "../cameras.ts";
import { startRecordingOf } from "../recordings.ts";

export const recordNewCamera = queue({
  name: "record-new-camera",
  summary: "Begins to record a new camera where that was wanted",
  queue: { event: CameraCreated },
  needs: ["sql", "outbox", "clock", "ids"],
  async handle({ camera_id, record }, { sql, outbox, clock, ids }) {
    if (record) await startRecordingOf({ sql, outbox, ids, now: clock() }, await knownCamera(sql, camera_id));
  },
});
