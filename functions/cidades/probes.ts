/** Probes: a look at an address by the agent that would dial it. */
import type { TransactionSql } from "#lib/db/connect.ts";
import { AppError } from "#lib/errors.ts";
import type { Probe } from "./contract.ts";

/** The agent has 5 s; the rest is the way there and back. */
export const PROBE_SECONDS = 15;

export type ProbeRow = Omit<Probe, "created_at" | "finished_at"> & { created_at: Date; finished_at: Date | null };

/** Says `timeout` by itself, whether or not the clean-up has been by. */
export const probeOf = (row: ProbeRow, now: Date): Probe => {
  const late = row.status === "pending" && now.getTime() - row.created_at.getTime() > PROBE_SECONDS * 1000;
  return {
    ...row,
    status: late ? "timeout" : row.status,
    created_at: row.created_at.toISOString(),
    finished_at: row.finished_at?.toISOString() ?? null,
  };
};

const columns = ["id", "cidade_id", "agent_id", "camera_id", "status", "cause", "found", "created_at", "finished_at"];

export const findProbe = async (sql: TransactionSql, id: string): Promise<ProbeRow> => {
  const [row] = await sql<ProbeRow[]>`select ${sql(columns)} from camera_probes where id = ${id}`;
  if (!row) throw new AppError("not_found", "No such probe", { reason: "probe.unknown" });
  return row;
};

export const takeProbeRow = async (
  sql: TransactionSql,
  agent: { id: string; cidade_id: string },
  now: Date,
): Promise<{ id: string; url_rtsp: string } | null> => {
  const [row] = await sql<{ id: string; url_rtsp: string }[]>`
    update camera_probes set taken_at = ${now} where (cidade_id, id) in (
      select cidade_id, id from camera_probes
      where agent_id = ${agent.id} and cidade_id = ${agent.cidade_id} and status = 'pending' and taken_at is null
        and url_rtsp is not null and created_at > ${new Date(now.getTime() - PROBE_SECONDS * 1000)}
      order by created_at limit 1 for update skip locked)
    returning id, url_rtsp`;
  return row ?? null;
};

/** `false`: not this agent's, or already ended. The address is wiped with the answer. */
export const finishProbe = async (
  sql: TransactionSql,
  probe: {
    id: string;
    agent_id: string;
    status: "ok" | "failed";
    cause: string | null;
    found: Probe["found"];
    at: Date;
  },
): Promise<boolean> => {
  const rows = await sql`
    update camera_probes set status = ${probe.status}, cause = ${probe.cause}, found = ${probe.found === null ? null : sql.json(probe.found)},
      url_rtsp = null, finished_at = ${probe.at}
    where id = ${probe.id} and agent_id = ${probe.agent_id} and status = 'pending' returning 1`;
  return rows.length > 0;
};
