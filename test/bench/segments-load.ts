/** Segments in numbers worth measuring, written through the logins of the product: days by gt_system, rows by gt_app, city by city. */
import { connectSql, type Sql } from "#lib/db/connect.ts";
import { withTenant } from "#lib/db/transaction.ts";
import { uuidv7 } from "#lib/ids.ts";

export type Urls = { app: string; system: string; owner: string };
export type SegmentsPlan = { cameras: number; cities: number; days: number };
export type LoadedCamera = { cidade_id: string; camera_id: string };
/** `days`: those that are full, oldest first. */
export type Loaded = { cameras: LoadedCamera[]; days: string[]; rows: number };

const DAY_MS = 86_400_000;
export const SEGMENTS_A_DAY = 8640;
/** Two seconds from key frame to key frame, 4 Mbit/s. */
const fragments = [0, 1, 2, 3, 4].map((group) => ({
  offset: 800 + group * 1_000_000,
  length: 1_000_000,
  start_ms: group * 2000,
  duration_ms: 2000,
}));

export const loadSegments = async (
  urls: Urls,
  plan: SegmentsPlan,
  now: Date,
  said: (done: number, whole: number) => void = () => {},
): Promise<Loaded> => {
  const system = connectSql(urls.system, { max: 1 });
  const app = connectSql(urls.app, { max: 1 });
  try {
    const days = Array.from({ length: plan.days }, (_, back) =>
      new Date(now.getTime() - (plan.days - back) * DAY_MS).toISOString().slice(0, 10),
    );
    await system`select gt_make_partitions(${days[0] ?? ""}::date, ${now.toISOString().slice(0, 10)}::date)`;
    const recorded = await makeCameras(app, plan, now);
    const whole = recorded.length * days.length * SEGMENTS_A_DAY;
    let rows = 0;
    for (const day of days) {
      for (const camera of recorded) {
        await insertDay(app, camera, day);
        rows += SEGMENTS_A_DAY;
      }
      said(rows, whole);
    }
    return { cameras: recorded.map(({ cidade_id, camera_id }) => ({ cidade_id, camera_id })), days, rows };
  } finally {
    await Promise.all([system.end(), app.end()]);
  }
};

type RecordedCamera = LoadedCamera & { agent_id: string; recording_id: string };

const makeCameras = (app: Sql, { cameras, cities }: SegmentsPlan, now: Date): Promise<RecordedCamera[]> =>
  withTenant(app, "all", "write", async (tx) => {
    const made: RecordedCamera[] = [];
    const of = Array.from({ length: cities }, () => ({ cidade_id: uuidv7(now), agent_id: uuidv7(now) }));
    for (const { cidade_id, agent_id } of of) {
      await tx`insert into cidades (id, nome, estado, plano_retencao_dias) values (${cidade_id}, ${cidade_id}, 'SP', 30)`;
      await tx`insert into agents (cidade_id, id, nome) values (${cidade_id}, ${agent_id}, 'Agente')`;
    }
    for (let number = 0; number < cameras; number += 1) {
      const { cidade_id, agent_id } = of[number % cities] as (typeof of)[number];
      const [camera_id, stream_id, recording_id] = [uuidv7(now), uuidv7(now), uuidv7(now)];
      await tx`insert into cameras (cidade_id, id, nome, agent_id) values (${cidade_id}, ${camera_id}, ${`Câmera ${number}`}, ${agent_id})`;
      await tx`insert into streams (cidade_id, id, camera_id) values (${cidade_id}, ${stream_id}, ${camera_id})`;
      await tx`insert into recordings (cidade_id, id, stream_id, camera_id, retention_days) values (${cidade_id}, ${recording_id}, ${stream_id}, ${camera_id}, 30)`;
      made.push({ cidade_id, camera_id, agent_id, recording_id });
    }
    return made;
  });

/** A camera's day in one statement: far within the ten seconds that gt_app has. */
const insertDay = (app: Sql, { cidade_id, camera_id, agent_id, recording_id }: RecordedCamera, day: string) => {
  const boot_id = uuidv7(new Date(`${day}T00:00:00Z`));
  return withTenant(app, [cidade_id], "write", (tx) => {
    const key = `${cidade_id}/${camera_id}/${boot_id}-`;
    return tx`
      insert into recording_segments (cidade_id, id, camera_id, recording_id, captured_at, wall_end, media_duration_ms, agent_id, boot_id,
        sequence, codec, width, height, bytes, sha256, object_key, object_length, init_length, fragments)
      select ${cidade_id}, (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '7' || substr(hash, 1, 3) || '8' || substr(hash, 4, 15))::uuid,
        ${camera_id}, ${recording_id}, at, at + interval '10 s', 10000, ${agent_id}, ${boot_id}, n, 'avc1.640028', 1920, 1080, 5000800,
        hash || hash, ${key} || lpad(n::text, 20, '0') || '.mp4', 5000800, 800, ${tx.json(fragments)}
      from generate_series(0, ${SEGMENTS_A_DAY - 1}::int) n,
        lateral (select ${`${day}T00:00:00Z`}::timestamptz + n * interval '10 s' as at, md5(${camera_id}::text || ${day}::text || n) as hash) made`;
  });
};
