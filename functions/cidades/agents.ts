/** Agents: one beside the cameras of a site, enrolled once with a code, afterwards known by its own key. */
import { createHash, randomInt } from "node:crypto";
import type { TransactionSql } from "#lib/db/connect.ts";
import { AppError } from "#lib/errors.ts";
import type { Agent } from "./contract.ts";

export const CODE_HOURS = 24;
/** Without what people confuse: 0 O, 1 I L, 8 B. 24 of 29 characters: 116 bits. */
const alphabet = "2345679ACDEFGHJKMNPQRSTUVWXYZ";

export const newEnrolmentCode = (): string =>
  Array.from({ length: 6 }, () => Array.from({ length: 4 }, () => alphabet[randomInt(alphabet.length)]).join("")).join(
    "-",
  );

/** People type it: case, spaces and dashes do not count. */
export const hashOfCode = (code: string): string =>
  createHash("sha256")
    .update(code.toUpperCase().replaceAll(/[^0-9A-Z]/g, ""))
    .digest("hex");

export type AgentRow = Omit<Agent, "enrolled_at" | "last_seen_at" | "created_at"> & {
  enrolled_at: Date | null;
  last_seen_at: Date | null;
  created_at: Date;
};

export const agentOf = (row: AgentRow): Agent => ({
  ...row,
  enrolled_at: row.enrolled_at?.toISOString() ?? null,
  last_seen_at: row.last_seen_at?.toISOString() ?? null,
  created_at: row.created_at.toISOString(),
});

const columns = [
  "id",
  "cidade_id",
  "nome",
  "enrolled_at",
  "last_seen_at",
  "program_version",
  "is_active",
  "created_at",
];

export const insertAgent = async (
  sql: TransactionSql,
  agent: {
    id: string;
    cidade_id: string;
    nome: string;
    enrolment_code_hash: string;
    enrolment_expires_at: Date;
    created_at: Date;
  },
): Promise<AgentRow> => {
  const [row] = await sql<AgentRow[]>`insert into agents ${sql(agent)} returning ${sql(columns)}`;
  return row as AgentRow;
};

export const listAgentRows = (
  sql: TransactionSql,
  cidade_id: string,
  after: readonly string[] | null,
  limit: number,
): Promise<AgentRow[]> =>
  sql<AgentRow[]>`
    select ${sql(columns)} from agents where cidade_id = ${cidade_id}
      and ${after ? sql`(nome, id) > (${after[0] ?? ""}, ${after[1] ?? ""}::uuid)` : sql`true`}
    order by nome, id limit ${limit + 1}`;

/** The agent that is meant: the one named, or the city's only one. */
export const chooseAgent = async (
  sql: TransactionSql,
  cidade_id: string,
  wanted: string | undefined,
): Promise<string> => {
  const agents = await sql<{ id: string }[]>`
    select id from agents where cidade_id = ${cidade_id} and is_active and ${wanted === undefined ? sql`true` : sql`id = ${wanted}`} limit 2`;
  const [only] = agents;
  if (!only) {
    const reason = wanted === undefined ? "camera.no_agent" : "agent.unknown";
    throw new AppError("invalid", "The city has no such agent", {
      reason,
      errors: [{ path: "agent_id", code: reason }],
    });
  }
  if (agents.length > 1) {
    throw new AppError("invalid", "The city has several agents: say which", {
      reason: "camera.agent_needed",
      errors: [{ path: "agent_id", code: "needed" }],
    });
  }
  return only.id;
};

/** Once: the code is gone with it. `null`: unknown, used or too old. */
export const enrol = async (
  sql: TransactionSql,
  code_hash: string,
  enrolled: { public_key: Record<string, string>; program_version: string; at: Date },
): Promise<{ id: string; cidade_id: string } | null> => {
  const [row] = await sql<{ id: string; cidade_id: string }[]>`
    update agents set public_key = ${sql.json(enrolled.public_key)}, program_version = ${enrolled.program_version},
      enrolled_at = ${enrolled.at}, enrolment_code_hash = null, enrolment_expires_at = null
    where enrolment_code_hash = ${code_hash} and enrolment_expires_at > ${enrolled.at} and is_active
    returning id, cidade_id`;
  return row ?? null;
};

/** A row is written at most once a minute. */
export const sawAgent = (sql: TransactionSql, id: string, now: Date) =>
  sql`update agents set last_seen_at = ${now} where id = ${id} and (last_seen_at is null or last_seen_at < ${new Date(now.getTime() - 60_000)})`;
