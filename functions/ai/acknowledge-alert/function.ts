import { AppError } from "#lib/errors.ts";
import { http } from "#lib/function/define.ts";
import { alertOf, findAlert } from "../alerts.ts";
import { Alert, AlertAcknowledged, ById } from "../contract.ts";

export const acknowledgeAlert = http({
  name: "acknowledge-alert",
  summary: "Says that somebody has seen an alert and takes care of it",
  http: {
    method: "POST",
    path: "/api/alerts/{id}/acknowledge",
    access: { permission: "alerts.handle", cities: "callers" },
  },
  needs: ["sql", "outbox", "objects", "clock", "audit"],
  audited: true,
  input: ById,
  output: Alert,
  async handle({ id }, { sql, outbox, objects, clock, audit, caller }) {
    const [changed] = await sql<{ cidade_id: string }[]>`
      update alerts set status = 'acknowledged', acknowledged_at = ${clock()}, acknowledged_by = ${caller.id}, version = version + 1
      where id = ${id} and status = 'new' returning cidade_id`;
    const row = await findAlert(sql, id);
    if (!changed) {
      throw new AppError("conflict", "Somebody has acknowledged this alert already", {
        reason: "alert.acknowledged",
        params: { by: row.acknowledged_by ?? "" },
      });
    }
    await outbox.add(AlertAcknowledged, { alert_id: id, cidade_id: row.cidade_id }, { subject: id });
    audit.note({ object_type: "alert", object_id: id, cidade_id: row.cidade_id, details: { plate: row.alert_plate } });
    return alertOf(objects, row);
  },
});
