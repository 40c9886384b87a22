/** Cameras of a city. */
import type { TransactionSql } from "#lib/db/connect.ts";
import { AppError } from "#lib/errors.ts";
import type { CameraState } from "#lib/wire/agent.ts";
import type { Camera } from "./contract.ts";

export type CameraRow = Omit<Camera, "status_since" | "created_at"> & { status_since: Date; created_at: Date };

export const cameraOf = (row: CameraRow): Camera => ({
  ...row,
  status_since: row.status_since.toISOString(),
  created_at: row.created_at.toISOString(),
});

const selectCameras = (sql: TransactionSql) => sql`
  select c.id, c.cidade_id, c.agent_id, c.nome, c.localizacao, c.endereco_rtsp, c.has_credentials, c.status, c.status_cause,
    c.status_since, r.recording_id is not null as recording, c.upload_policy, c.is_active, c.version, c.created_at,
    case when s.codec is null or s.width is null then null else jsonb_build_object('codec', s.codec, 'width', s.width, 'height', s.height,
      'fps', s.fps, 'key_frame_seconds', s.key_frame_seconds) end as stream
  from cameras c
  left join running_recordings r on r.cidade_id = c.cidade_id and r.camera_id = c.id
  left join camera_streams s on s.cidade_id = c.cidade_id and s.camera_id = c.id and s.perfil = 'main'`;

export const findCamera = async (sql: TransactionSql, id: string): Promise<CameraRow> => {
  const [row] = await sql<CameraRow[]>`${selectCameras(sql)} where c.id = ${id}`;
  if (!row) throw new AppError("not_found", "No such camera", { reason: "camera.unknown" });
  return row;
};

export const listCameraRows = (
  sql: TransactionSql,
  query: { cidade_id: string; is_active?: boolean | undefined; limit: number },
  after: readonly string[] | null,
): Promise<CameraRow[]> =>
  sql<CameraRow[]>`${selectCameras(sql)}
    where c.cidade_id = ${query.cidade_id}
      and ${query.is_active === undefined ? sql`true` : sql`c.is_active = ${query.is_active}`}
      and ${after ? sql`(c.nome, c.id) > (${after[0] ?? ""}, ${after[1] ?? ""}::uuid)` : sql`true`}
    order by c.nome, c.id limit ${query.limit + 1}`;

/** The version under a lock, so that two changes at once are one after the other. */
export const lockCamera = async (
  sql: TransactionSql,
  id: string,
): Promise<{ cidade_id: string; version: number; agent_id: string | null; is_active: boolean }> => {
  const [row] = await sql<{ cidade_id: string; version: number; agent_id: string | null; is_active: boolean }[]>`
    select cidade_id, version, agent_id, is_active from cameras where id = ${id} for update`;
  if (!row) throw new AppError("not_found", "No such camera", { reason: "camera.unknown" });
  return row;
};

/** What changed is written, what did not costs nothing: agents report every camera, again and again. Others' are left alone. */
export const writeStates = async (
  sql: TransactionSql,
  agent: { id: string; cidade_id: string },
  states: readonly CameraState[],
): Promise<CameraState[]> => {
  const rows = states.map(({ camera_id, status, cause, since_ms }) => ({
    camera_id,
    status,
    cause,
    since: new Date(since_ms).toISOString(),
  }));
  const changed = await sql<{ id: string }[]>`
    update cameras c set status = s.status, status_cause = s.cause, status_since = s.since
    from jsonb_to_recordset(${sql.json(rows)}) as s (camera_id uuid, status text, cause text, since timestamptz)
    where c.cidade_id = ${agent.cidade_id} and c.agent_id = ${agent.id} and c.id = s.camera_id
      and (c.status, c.status_cause) is distinct from (s.status, s.cause)
    returning c.id`;
  const ids = new Set(changed.map(({ id }) => id));
  return states.filter(({ camera_id }) => ids.has(camera_id));
};
