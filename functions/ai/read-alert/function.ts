import { http } from "#lib/function/define.ts";
import { alertOf, findAlert } from "../alerts.ts";
import { Alert, ById } from "../contract.ts";

export const readAlert = http({
  name: "read-alert",
  summary: "One alert with the read behind it",
  http: { method: "GET", path: "/api/alerts/{id}", access: { permission: "alerts.view", cities: "callers" } },
  needs: ["sql", "objects"],
  input: ById,
  output: Alert,
  handle: async ({ id }, { sql, objects }) => alertOf(objects, await findAlert(sql, id)),
});
