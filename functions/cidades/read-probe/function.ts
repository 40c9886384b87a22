import { http } from "#lib/function/define.ts";
import { Probe, ProbeQuery } from "../contract.ts";
import { findProbe, probeOf } from "../probes.ts";

export const readProbe = http({
  name: "read-probe",
  summary: "What a probe found so far",
  http: { method: "GET", path: "/api/probes/{id}", access: { permission: "cameras.manage", cities: "callers" } },
  needs: ["sql", "clock"],
  input: ProbeQuery,
  output: Probe,
  handle: async ({ id }, { sql, clock }): Promise<Probe> => probeOf(await findProbe(sql, id), clock()),
});
