/** Recordings: from when to when a camera is wanted on disk. */
import type { TransactionSql } from "#lib/db/connect.ts";
import type { Outbox } from "#lib/function/define.ts";
import type { KnownCamera } from "./cameras.ts";
import { RecordingStarted, RecordingStopped, type Recording } from "./contract.ts";

export type RecordingRow = Omit<Recording, "started_at" | "stopped_at"> & { started_at: Date; stopped_at: Date | null };

export const recordingOf = (row: RecordingRow): Recording => ({
  ...row,
  started_at: row.started_at.toISOString(),
  stopped_at: row.stopped_at?.toISOString() ?? null,
});

const columns = ["id", "cidade_id", "camera_id", "stream_id", "retention_days", "status", "started_at", "stopped_at"];

type Doing = { sql: TransactionSql; outbox: Outbox; ids: () => string; now: Date };

/** Idempotent: the one that runs is the answer. */
export const startRecordingOf = async (
  { sql, outbox, ids, now }: Doing,
  camera: KnownCamera,
): Promise<RecordingRow> => {
  const { cidade_id, camera_id, agent_id } = camera;
  const running = await findRunning(sql, cidade_id, camera_id);
  if (running) return running;
  const [stream] = await sql<{ id: string }[]>`
    insert into streams (cidade_id, id, camera_id, status, started_at) values (${cidade_id}, ${ids()}, ${camera_id}, 'STARTING', ${now})
    on conflict (cidade_id, camera_id) do update set status = 'STARTING', started_at = excluded.started_at returning id`;
  const made = {
    cidade_id,
    id: ids(),
    stream_id: stream?.id ?? "",
    camera_id,
    retention_days: camera.plano_retencao_dias,
    started_at: now,
  };
  const [row] = await sql<RecordingRow[]>`
    insert into recordings ${sql(made)} on conflict (cidade_id, camera_id) where status = 'RECORDING' do nothing returning ${sql(columns)}`;
  // Somebody else's start was first: theirs is running now.
  if (!row) return (await findRunning(sql, cidade_id, camera_id)) as RecordingRow;
  await outbox.add(
    RecordingStarted,
    { recording_id: row.id, camera_id, cidade_id, agent_id },
    { subject: camera_id, partition_key: camera_id },
  );
  return row;
};

/** `null`: none runs. */
export const stopRecordingOf = async (
  { sql, outbox, now }: Doing,
  camera: KnownCamera,
): Promise<RecordingRow | null> => {
  const { cidade_id, camera_id, agent_id } = camera;
  const [row] = await sql<RecordingRow[]>`
    update recordings set status = 'STOPPED', stopped_at = ${now}
    where cidade_id = ${cidade_id} and camera_id = ${camera_id} and status = 'RECORDING' returning ${sql(columns)}`;
  if (!row) return null;
  await sql`update streams set status = 'STOPPED', stopped_at = ${now} where cidade_id = ${cidade_id} and id = ${row.stream_id}`;
  await outbox.add(
    RecordingStopped,
    { recording_id: row.id, camera_id, cidade_id, agent_id },
    { subject: camera_id, partition_key: camera_id },
  );
  return row;
};

/** A stream that was started runs from its first segment on. */
export const markRunning = (sql: TransactionSql, cidade_id: string, camera_ids: readonly string[]) =>
  sql`update streams set status = 'RUNNING'
    where cidade_id = ${cidade_id} and camera_id = any (${[...new Set(camera_ids)]}::uuid[]) and status = 'STARTING'`;

const findRunning = async (sql: TransactionSql, cidade_id: string, camera_id: string): Promise<RecordingRow | null> => {
  const [row] = await sql<RecordingRow[]>`
    select ${sql(columns)} from recordings where cidade_id = ${cidade_id} and camera_id = ${camera_id} and status = 'RECORDING'`;
  return row ?? null;
};
