import { http } from "#lib/function/define.ts";
import { LprCorrected, NewCorrection, PlateReadDetails } from "../contract.ts";
import { insertCorrection, plateSaid } from "../corrections.ts";
import { detailsOf } from "../plate-details.ts";
import { findRead } from "../plate-reads.ts";

export const correctPlate = http({
  name: "correct-plate",
  summary: "Says what a read plate is; the read itself stays",
  http: {
    method: "POST",
    path: "/api/plates/{id}/corrections",
    access: { permission: "plates.correct", cities: "callers" },
    status: 201,
  },
  needs: ["sql", "objects", "outbox", "clock", "ids", "audit"],
  audited: true,
  input: NewCorrection,
  output: PlateReadDetails,
  async handle({ id, plate: typed, reason }, { sql, objects, outbox, clock, ids, audit, caller }) {
    const plate = plateSaid(typed);
    const read = await findRead(sql, id);
    const { cidade_id, camera_id, captured_at, confidence, source } = read;
    const previous_plate = read.correction ? read.correction.plate : read.plate;
    const created_at = clock();
    await insertCorrection(sql, read, { id: ids(), plate, reason, created_by: caller.id, created_at });
    audit.note({ object_type: "plate_read", object_id: id, cidade_id, details: { plate, previous_plate, reason } });
    // Who confirms says nothing new.
    if (plate !== previous_plate) {
      const about = { event_id: id, cidade_id, camera_id, plate, previous_plate, confidence, source };
      const data = { ...about, captured_at: captured_at.toISOString(), by: "person" as const };
      await outbox.add(LprCorrected, data, { subject: camera_id, partition_key: camera_id });
    }
    return detailsOf({ sql, objects }, await findRead(sql, id));
  },
});
