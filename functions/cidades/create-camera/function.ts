import { http } from "#lib/function/define.ts";
import { AppError } from "#lib/errors.ts";
import { chooseAgent } from "../agents.ts";
import { readAddress, sealAddress } from "../camera-addresses.ts";
import { cameraOf, findCamera } from "../cameras.ts";
import { Camera, CameraCreated, NewCamera } from "../contract.ts";

export const createCamera = http({
  name: "create-camera",
  summary: "Adds a camera to a city; its address is sealed and never answered",
  http: {
    method: "POST",
    path: "/api/cameras",
    access: { permission: "cameras.manage", cities: "callers" },
    status: 201,
  },
  needs: ["sql", "outbox", "keys", "clock", "ids", "audit"],
  audited: true,
  input: NewCamera,
  output: Camera,
  async handle(input, { sql, outbox, keys, clock, ids, audit }): Promise<Camera> {
    const { cidade_id, nome, localizacao, url_rtsp, upload_policy } = input;
    const [city] = await sql`select 1 from cidades where id = ${cidade_id} and is_active`;
    if (!city) throw new AppError("not_found", "No such city", { reason: "city.unknown" });
    const id = ids();
    const now = clock();
    const shown = url_rtsp === undefined ? null : readAddress(url_rtsp);
    const agent_id = url_rtsp === undefined ? null : await chooseAgent(sql, cidade_id, input.agent_id);
    const sealed = url_rtsp === undefined ? null : await sealAddress(keys, "cameras", { cidade_id, id }, url_rtsp);
    const row = {
      cidade_id,
      id,
      agent_id,
      nome,
      localizacao: localizacao ?? null,
      url_rtsp: sealed,
      upload_policy,
      ...shown,
      status_since: now,
      created_at: now,
      updated_at: now,
    };
    await sql`insert into cameras ${sql(row)}`;
    await outbox.add(
      CameraCreated,
      { camera_id: id, cidade_id, agent_id, record: input.record && url_rtsp !== undefined },
      { subject: id, partition_key: id },
    );
    audit.note({
      object_type: "camera",
      object_id: id,
      cidade_id,
      details: { nome, endereco_rtsp: shown?.endereco_rtsp ?? null },
    });
    return cameraOf(await findCamera(sql, id));
  },
});
