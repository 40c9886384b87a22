import { http } from "#lib/function/define.ts";
import { Nothing, ProbeFinished, ProbeResult } from "../contract.ts";
import { finishProbe, findProbe } from "../probes.ts";
import { writeFoundStream } from "../camera-streams.ts";

export const reportProbe = http({
  name: "report-probe",
  summary: "Takes an agent's word on an address",
  http: { method: "POST", path: "/api/agents/probes/report", access: "agent", status: 204 },
  needs: ["sql", "outbox", "clock"],
  input: ProbeResult,
  output: Nothing,
  async handle({ id, ok, cause, found }, { sql, outbox, clock, caller }) {
    const at = clock();
    const finished = await finishProbe(sql, {
      id,
      agent_id: caller.id,
      status: ok ? "ok" : "failed",
      cause: ok ? null : cause,
      found,
      at,
    });
    if (!finished) return null;
    const { cidade_id, camera_id } = await findProbe(sql, id);
    if (ok && found && camera_id) await writeFoundStream(sql, { cidade_id, camera_id, found, at });
    await outbox.add(ProbeFinished, { probe_id: id, cidade_id });
    return null;
  },
});
