import { createHash } from "node:crypto";
import { http } from "#lib/function/define.ts";
import { sawAgent } from "../agents.ts";
import { openAddress } from "../camera-addresses.ts";
import { DesiredState, Empty, type DesiredCamera } from "../contract.ts";

type Row = Omit<DesiredCamera, "url_rtsp"> & { url_rtsp: string; version: number };

export const readDesiredState = http({
  name: "read-desired-state",
  summary: "What an agent should be doing: its cameras, with addresses, and what is to be recorded",
  http: { method: "GET", path: "/api/agents/desired-state", access: "agent" },
  needs: ["transaction", "keys", "clock"],
  input: Empty,
  output: DesiredState,
  async handle(_input, { transaction, keys, clock, caller }): Promise<DesiredState> {
    const cidade_id = caller.cities[0] ?? "";
    const rows = await transaction(async ({ sql }) => {
      await sawAgent(sql, caller.id, clock());
      return sql<Row[]>`
        select c.id, c.cidade_id, c.nome, c.url_rtsp, r.recording_id, c.upload_policy, c.version
        from cameras c left join running_recordings r on r.cidade_id = c.cidade_id and r.camera_id = c.id
        where c.cidade_id = ${cidade_id} and c.agent_id = ${caller.id} and c.is_active and c.url_rtsp is not null order by c.id`;
    });
    const cameras = await Promise.all(
      rows.map(async ({ version: _version, url_rtsp, ...camera }) => ({
        ...camera,
        url_rtsp: await openAddress(keys, "cameras", camera, url_rtsp),
      })),
    );
    const revision = createHash("sha256")
      .update(JSON.stringify(rows.map(({ id, version, recording_id }) => [id, version, recording_id])))
      .digest("hex")
      .slice(0, 16);
    return { cameras, revision, server_time_ms: clock().getTime() };
  },
});
