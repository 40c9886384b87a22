import { http } from "#lib/function/define.ts";
import { decodeCursor, pageOf } from "#lib/lists/cursor.ts";
import { cameraOf, listCameraRows } from "../cameras.ts";
import { CameraList, CameraQuery } from "../contract.ts";

export const listCameras = http({
  name: "list-cameras",
  summary: "Cameras of a city, by name",
  http: { method: "GET", path: "/api/cameras", access: { permission: "cameras.view", cities: "callers" } },
  needs: ["sql", "keys"],
  input: CameraQuery,
  output: CameraList,
  async handle({ limit, cursor, ...filters }, { sql, keys }) {
    const after = await decodeCursor(keys, "cameras", filters, cursor);
    const rows = await listCameraRows(sql, { ...filters, limit }, after);
    return pageOf(keys, { name: "cameras", filters, limit }, rows, ({ nome, id }) => [nome, id], cameraOf);
  },
});
