import { http } from "#lib/function/define.ts";
import { mustMatch } from "#lib/function/if-match.ts";
import { chooseAgent } from "../agents.ts";
import { readAddress, sealAddress } from "../camera-addresses.ts";
import { cameraOf, findCamera, lockCamera } from "../cameras.ts";
import { Camera, CameraChange, CameraDeleted, CameraUpdated } from "../contract.ts";

export const updateCamera = http({
  name: "update-camera",
  summary: "Changes a camera, or takes it out of service; what it recorded stays",
  http: { method: "PATCH", path: "/api/cameras/{id}", access: { permission: "cameras.manage", cities: "callers" } },
  needs: ["sql", "outbox", "keys", "clock", "audit"],
  audited: true,
  input: CameraChange,
  output: Camera,
  async handle({ id, url_rtsp, agent_id, ...plain }, { sql, outbox, keys, clock, audit, if_match }): Promise<Camera> {
    const before = await lockCamera(sql, id);
    const { cidade_id } = before;
    mustMatch(before.version, if_match);
    const address =
      url_rtsp === undefined
        ? {}
        : { ...readAddress(url_rtsp), url_rtsp: await sealAddress(keys, "cameras", { cidade_id, id }, url_rtsp) };
    const needsAgent = agent_id !== undefined || (url_rtsp !== undefined && before.agent_id === null);
    const agent = needsAgent ? { agent_id: await chooseAgent(sql, cidade_id, agent_id) } : {};
    await sql`update cameras set ${sql({ ...plain, ...address, ...agent, updated_at: clock() })}, version = version + 1 where id = ${id} and cidade_id = ${cidade_id}`;
    const about = { camera_id: id, cidade_id, agent_id: agent.agent_id ?? before.agent_id };
    const ended = before.is_active && plain.is_active === false;
    await outbox.add(ended ? CameraDeleted : CameraUpdated, about, { subject: id, partition_key: id });
    // Its old agent must let go as well.
    if (agent.agent_id !== undefined && before.agent_id !== null && agent.agent_id !== before.agent_id) {
      await outbox.add(CameraUpdated, { ...about, agent_id: before.agent_id }, { subject: id, partition_key: id });
    }
    audit.note({
      object_type: "camera",
      object_id: id,
      cidade_id,
      details: { ...plain, ...agent, address_changed: url_rtsp !== undefined },
    });
    return cameraOf(await findCamera(sql, id));
  },
});
