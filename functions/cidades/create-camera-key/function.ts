import { createHash, randomBytes } from "node:crypto";
import { http } from "#lib/function/define.ts";
import { findCamera } from "../cameras.ts";
import { ById, CameraKey } from "../contract.ts";

export const createCameraKey = http({
  name: "create-camera-key",
  summary: "Gives a camera a key to post plate reads with; it is shown once",
  http: {
    method: "POST",
    path: "/api/cameras/{id}/keys",
    access: { permission: "cameras.manage", cities: "callers" },
    status: 201,
  },
  needs: ["sql", "clock", "ids", "audit"],
  audited: true,
  input: ById,
  output: CameraKey,
  async handle({ id: camera_id }, { sql, clock, ids, audit }): Promise<{ id: string; camera_id: string; key: string }> {
    const { cidade_id } = await findCamera(sql, camera_id);
    const id = ids();
    const key = `gtk_${randomBytes(32).toString("base64url")}`;
    const key_hash = createHash("sha256").update(key).digest("hex");
    await sql`insert into camera_keys ${sql({ cidade_id, id, camera_id, key_hash, created_at: clock() })}`;
    audit.note({ object_type: "camera_key", object_id: id, cidade_id, details: { camera_id } });
    return { id, camera_id, key };
  },
});
