import { http } from "#lib/function/define.ts";
import { cameraOf, findCamera } from "../cameras.ts";
import { ById, Camera } from "../contract.ts";

export const readCamera = http({
  name: "read-camera",
  summary: "One camera",
  http: { method: "GET", path: "/api/cameras/{id}", access: { permission: "cameras.view", cities: "callers" } },
  needs: ["sql"],
  input: ById,
  output: Camera,
  handle: async ({ id }, { sql }): Promise<Camera> => cameraOf(await findCamera(sql, id)),
});
