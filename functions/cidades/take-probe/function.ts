import { http } from "#lib/function/define.ts";
import { openAddress } from "../camera-addresses.ts";
import { Empty, WaitingProbe } from "../contract.ts";
import { takeProbeRow } from "../probes.ts";

export const takeProbe = http({
  name: "take-probe",
  summary: "Hands an agent the next address to look at, if one waits",
  http: { method: "POST", path: "/api/agents/probes/take", access: "agent" },
  needs: ["sql", "keys", "clock"],
  input: Empty,
  output: WaitingProbe,
  async handle(_input, { sql, keys, clock, caller }) {
    const cidade_id = caller.cities[0] ?? "";
    const row = await takeProbeRow(sql, { id: caller.id, cidade_id }, clock());
    if (!row) return { probe: null };
    return {
      probe: {
        id: row.id,
        url_rtsp: await openAddress(keys, "camera_probes", { cidade_id, id: row.id }, row.url_rtsp),
      },
    };
  },
});
