import { http } from "#lib/function/define.ts";
import { clipOf, findClip } from "../clips.ts";
import { ById, Clip } from "../contract.ts";

export const readClip = http({
  name: "read-clip",
  summary: "One clip: what was asked, what was cut, its hash",
  http: { method: "GET", path: "/api/clips/{id}", access: { permission: "recordings.view", cities: "callers" } },
  needs: ["sql", "objects"],
  input: ById,
  output: Clip,
  handle: async ({ id }, { sql, objects }): Promise<Clip> => clipOf(objects, await findClip(sql, id)),
});
