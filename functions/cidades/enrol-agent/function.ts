import { AppError } from "#lib/errors.ts";
import { http } from "#lib/function/define.ts";
import { enrol, hashOfCode } from "../agents.ts";
import { Enrol, Enrolled } from "../contract.ts";

export const enrolAgent = http({
  name: "enrol-agent",
  summary: "Makes an agent known by its own key, with its enrolment code",
  http: {
    method: "POST",
    path: "/api/agents/enrol",
    access: "anyone",
    status: 201,
    rate: { per: "address", count: 20, seconds: 60 },
  },
  role: "gt_system",
  needs: ["sql", "clock", "audit"],
  audited: true,
  input: Enrol,
  output: Enrolled,
  async handle({ code, public_key, program_version }, { sql, clock, audit }) {
    const agent = await enrol(sql, hashOfCode(code), { public_key, program_version, at: clock() });
    if (!agent)
      throw new AppError("not_found", "The enrolment code is unknown, used or too old", {
        reason: "agent.code_not_valid",
      });
    audit.note({ object_type: "agent", object_id: agent.id, cidade_id: agent.cidade_id });
    return { agent_id: agent.id, cidade_id: agent.cidade_id };
  },
});
