import { http } from "#lib/function/define.ts";
import { agentOf, CODE_HOURS, hashOfCode, insertAgent, newEnrolmentCode } from "../agents.ts";
import { findCity } from "../cities.ts";
import { AgentWithCode, NewAgent } from "../contract.ts";

export const createAgent = http({
  name: "create-agent",
  summary: "Makes an agent and its enrolment code, which is shown once and works once",
  http: {
    method: "POST",
    path: "/api/agents",
    access: { permission: "agents.manage", cities: "callers" },
    status: 201,
  },
  needs: ["sql", "clock", "ids", "audit"],
  audited: true,
  input: NewAgent,
  output: AgentWithCode,
  async handle({ cidade_id, nome }, { sql, clock, ids, audit }) {
    await findCity(sql, cidade_id);
    const now = clock();
    const code = newEnrolmentCode();
    const enrolment_expires_at = new Date(now.getTime() + CODE_HOURS * 3_600_000);
    const row = await insertAgent(sql, {
      id: ids(),
      cidade_id,
      nome,
      enrolment_code_hash: hashOfCode(code),
      enrolment_expires_at,
      created_at: now,
    });
    audit.note({ object_type: "agent", object_id: row.id, cidade_id, details: { nome } });
    return { ...agentOf(row), enrolment_code: code, enrolment_expires_at: enrolment_expires_at.toISOString() };
  },
});
