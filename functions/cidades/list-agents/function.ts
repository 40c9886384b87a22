import { http } from "#lib/function/define.ts";
import { decodeCursor, pageOf } from "#lib/lists/cursor.ts";
import { agentOf, listAgentRows } from "../agents.ts";
import { AgentList, AgentQuery } from "../contract.ts";

export const listAgents = http({
  name: "list-agents",
  summary: "Agents of a city, by name",
  http: { method: "GET", path: "/api/agents", access: { permission: "cameras.view", cities: "callers" } },
  needs: ["sql", "keys"],
  input: AgentQuery,
  output: AgentList,
  async handle({ limit, cursor, cidade_id }, { sql, keys }) {
    const after = await decodeCursor(keys, "agents", { cidade_id }, cursor);
    const rows = await listAgentRows(sql, cidade_id, after, limit);
    return pageOf(keys, { name: "agents", filters: { cidade_id }, limit }, rows, ({ nome, id }) => [nome, id], agentOf);
  },
});
