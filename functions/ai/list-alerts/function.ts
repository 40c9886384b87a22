import { http } from "#lib/function/define.ts";
import { decodeCursor, pageOf } from "#lib/lists/cursor.ts";
import { alertOf, listAlertRows } from "../alerts.ts";
import { AlertList, AlertQuery } from "../contract.ts";

export const listAlerts = http({
  name: "list-alerts",
  summary: "Alerts of a city, newest first",
  http: { method: "GET", path: "/api/alerts", access: { permission: "alerts.view", cities: "callers" } },
  needs: ["sql", "objects", "keys"],
  input: AlertQuery,
  output: AlertList,
  async handle({ limit, cursor, ...filters }, { sql, objects, keys }) {
    const after = await decodeCursor(keys, "alerts", filters, cursor);
    const rows = await listAlertRows(sql, { ...filters, limit }, after);
    const page = await pageOf(
      keys,
      { name: "alerts", filters, limit },
      rows,
      ({ created_at, alert_id }) => [created_at.toISOString(), alert_id],
      (row) => row,
    );
    return { ...page, items: await Promise.all(page.items.map((row) => alertOf(objects, row))) };
  },
});
