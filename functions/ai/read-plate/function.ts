import { http } from "#lib/function/define.ts";
import { ById, PlateReadDetails } from "../contract.ts";
import { detailsOf } from "../plate-details.ts";
import { findRead } from "../plate-reads.ts";

export const readPlate = http({
  name: "read-plate",
  summary: "One plate read with its pictures, the other reads of its passage and what people said about it",
  http: { method: "GET", path: "/api/plates/{id}", access: { permission: "plates.view", cities: "callers" } },
  needs: ["sql", "objects", "audit"],
  audited: true,
  input: ById,
  output: PlateReadDetails,
  async handle({ id }, { sql, objects, audit }) {
    const row = await findRead(sql, id);
    audit.note({ object_type: "plate_read", object_id: id, cidade_id: row.cidade_id });
    return detailsOf({ sql, objects }, row);
  },
});
