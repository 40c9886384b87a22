import { http } from "#lib/function/define.ts";
import { ById, PlateRead } from "../contract.ts";
import { findRead, readOf } from "../plate-reads.ts";

export const readPlate = http({
  name: "read-plate",
  summary: "One plate read with its pictures",
  http: { method: "GET", path: "/api/plates/{id}", access: { permission: "plates.view", cities: "callers" } },
  needs: ["sql", "objects", "audit"],
  audited: true,
  input: ById,
  output: PlateRead,
  async handle({ id }, { sql, objects, audit }) {
    const row = await findRead(sql, id);
    audit.note({ object_type: "plate_read", object_id: id, cidade_id: row.cidade_id });
    return readOf(objects, row);
  },
});
