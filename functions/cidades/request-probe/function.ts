import { AppError } from "#lib/errors.ts";
import { http } from "#lib/function/define.ts";
import { chooseAgent } from "../agents.ts";
import { openAddress, readAddress, sealAddress } from "../camera-addresses.ts";
import { NewProbe, Probe, ProbeRequested } from "../contract.ts";
import { findProbe, probeOf } from "../probes.ts";

export const requestProbe = http({
  name: "request-probe",
  summary: "Has the agent look at an address, or at a camera's own, and say what it finds",
  http: {
    method: "POST",
    path: "/api/probes",
    access: { permission: "cameras.manage", cities: "callers" },
    status: 202,
    rate: { per: "caller", count: 30, seconds: 60 },
  },
  needs: ["sql", "outbox", "keys", "clock", "ids", "audit"],
  audited: true,
  input: NewProbe,
  output: Probe,
  async handle({ cidade_id, camera_id, ...input }, { sql, outbox, keys, clock, ids, audit }): Promise<Probe> {
    if ((input.url_rtsp === undefined) === (camera_id === undefined)) {
      throw new AppError("invalid", "A probe looks at an address or at a camera, one of the two", {
        reason: "probe.one_of",
      });
    }
    const known = camera_id === undefined ? null : await ownAddress(sql, keys, cidade_id, camera_id);
    const url_rtsp = known?.url_rtsp ?? input.url_rtsp ?? "";
    readAddress(url_rtsp);
    const agent_id = await chooseAgent(sql, cidade_id, known?.agent_id ?? input.agent_id);
    const id = ids();
    const sealed = await sealAddress(keys, "camera_probes", { cidade_id, id }, url_rtsp);
    await sql`insert into camera_probes ${sql({ cidade_id, id, agent_id, camera_id: camera_id ?? null, url_rtsp: sealed, created_at: clock() })}`;
    await outbox.add(ProbeRequested, { probe_id: id, cidade_id, agent_id });
    audit.note({ object_type: "probe", object_id: id, cidade_id });
    return probeOf(await findProbe(sql, id), clock());
  },
});

type Sql = Parameters<typeof findProbe>[0];

const ownAddress = async (sql: Sql, keys: Parameters<typeof openAddress>[0], cidade_id: string, id: string) => {
  const [camera] = await sql<{ url_rtsp: string | null; agent_id: string | null }[]>`
    select url_rtsp, agent_id from cameras where cidade_id = ${cidade_id} and id = ${id}`;
  if (!camera) throw new AppError("not_found", "No such camera", { reason: "camera.unknown" });
  if (camera.url_rtsp === null)
    throw new AppError("invalid", "This camera has no address to look at", { reason: "camera.no_address" });
  return {
    url_rtsp: await openAddress(keys, "cameras", { cidade_id, id }, camera.url_rtsp),
    agent_id: camera.agent_id ?? undefined,
  };
};
