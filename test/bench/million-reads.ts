/** Plate reads in numbers worth measuring, made by PostgreSQL itself. Read n is known beforehand, so that it can be asked for. */
import { createHash } from "node:crypto";
import type { Sql } from "#lib/db/connect.ts";
import { uuidv7 } from "#lib/ids.ts";

/** `cities_with_keys`: how many cities can be searched by wildcard; six keys a read are most of the loading. Default: all. */
export type ReadsPlan = {
  rows: number;
  cities: number;
  cameras_per_city: number;
  days: number;
  /** Captured time of read 0. */
  newest_ms: number;
  cities_with_keys?: number;
};
export type City = { cidade_id: string; camera_ids: string[] };

/** A little over 175 million old plates: neighbours in n are far apart as plates, so that indexes are as in life. */
const PLATES = 26 ** 3 * 10 ** 4;
const SCATTER = 48_271;

export const plateOf = (n: number): string => {
  const at = Number((BigInt(n) * BigInt(SCATTER)) % BigInt(PLATES));
  const letters = Math.floor(at / 10_000);
  const letter = (place: number): string => String.fromCharCode(65 + (Math.floor(letters / 26 ** place) % 26));
  return `${letter(2)}${letter(1)}${letter(0)}${String(at % 10_000).padStart(4, "0")}`;
};

type Times = Pick<ReadsPlan, "rows" | "days" | "newest_ms">;
const stepOf = ({ rows, days }: Times): number => Math.floor((days * 86_400_000) / rows);

/** As the product makes them: a UUIDv7 of the captured time. */
export const readIdOf = (n: number, times: Times): string => {
  const time = (times.newest_ms - n * stepOf(times)).toString(16).padStart(12, "0");
  const hash = createHash("md5").update(String(n)).digest("hex");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hash.slice(0, 3)}-8${hash.slice(3, 6)}-${hash.slice(6, 18)}`;
};

/** `owner` writes; read n belongs to city n modulo the number of cities and was captured n steps ago. */
export const loadReads = async (owner: Sql, plan: ReadsPlan): Promise<City[]> => {
  const cities = await makeCities(owner, plan);
  await owner`select gt_make_partitions((now() - make_interval(days => ${plan.days}))::date, (now() + interval '1 day')::date)`;
  await owner`create temporary table city_list (number integer primary key, cidade_id uuid, camera_ids uuid[])`;
  for (const [number, { cidade_id, camera_ids }] of cities.entries()) {
    await owner`insert into city_list values (${number}, ${cidade_id}, ${camera_ids}::uuid[])`;
  }
  await withoutIndexes(owner, "lpr_events", () => insertEvents(owner, plan));
  await withoutIndexes(
    owner,
    "lpr_plate_keys",
    () => owner`
      insert into lpr_plate_keys (cidade_id, key, captured_at, event_id)
      select cidade_id, at::text || substr(plate, at + 1, 2), captured_at, id from lpr_events, generate_series(0, 5) at
      where cidade_id = any (${cities.slice(0, plan.cities_with_keys).map(({ cidade_id }) => cidade_id)}::uuid[])`,
  );
  await owner`drop table city_list`;
  for (const table of ["lpr_events", "lpr_plate_keys", "cameras"]) await owner.unsafe(`analyze ${table}`);
  return cities;
};

/** Sorted once at the end, an index costs a fraction of what it costs row by row. */
const withoutIndexes = async (owner: Sql, table: string, load: () => Promise<unknown>): Promise<void> => {
  const indexes = await owner<{ name: string; definition: string; primary_key: string | null }[]>`
    select i.indexrelid::regclass::text as name, pg_get_indexdef(i.indexrelid) as definition, pg_get_constraintdef(c.oid) as primary_key
    from pg_index i left join pg_constraint c on c.conindid = i.indexrelid and c.contype = 'p' where i.indrelid = ${table}::regclass`;
  for (const { name, primary_key } of indexes) {
    await owner.unsafe(primary_key ? `alter table ${table} drop constraint ${name}` : `drop index ${name}`);
  }
  await load();
  for (const { name, definition, primary_key } of indexes) {
    // Of a partitioned table the definition says ONLY, and would leave the partitions without.
    const made = definition.replace(" ON ONLY ", " ON ");
    await owner.unsafe(primary_key ? `alter table ${table} add constraint ${name} ${primary_key}` : made);
  }
};

const insertEvents = (owner: Sql, plan: ReadsPlan) => owner`
  with numbered as (
    select n, (n::bigint * ${SCATTER}::bigint) % ${PLATES}::bigint as at, ${plan.newest_ms}::bigint - n::bigint * ${stepOf(plan)}::bigint as ms,
      md5(n::text) as hash
    from generate_series(0, ${plan.rows}::int - 1) n
  ), plated as (
    select n, to_timestamp(ms / 1000.0) as captured_at,
      (lpad(to_hex(ms), 12, '0') || '7' || substr(hash, 1, 3) || '8' || substr(hash, 4, 15))::uuid as id,
      chr(65 + (at / 10000 / 676 % 26)::int) || chr(65 + (at / 10000 / 26 % 26)::int) || chr(65 + (at / 10000 % 26)::int)
        || lpad((at % 10000)::text, 4, '0') as plate
    from numbered
  )
  insert into lpr_events (cidade_id, id, camera_id, plate, plate_raw, confidence, source, sighting_id, vehicle, image_url, captured_at, received_at)
  select c.cidade_id, id, c.camera_ids[1 + n / 1000 % cardinality(c.camera_ids)], plate, plate, 0.9, 'camera', id,
    '{"type": "car", "color": null}', c.cidade_id || '/' || n || '.jpg', captured_at, captured_at
  from plated join city_list c on c.number = n % ${plan.cities}::int`;

const makeCities = async (owner: Sql, { cities, cameras_per_city }: ReadsPlan): Promise<City[]> => {
  const made = Array.from({ length: cities }, () => ({
    cidade_id: uuidv7(),
    camera_ids: Array.from({ length: cameras_per_city }, () => uuidv7()),
  }));
  for (const [number, { cidade_id, camera_ids }] of made.entries()) {
    await owner`insert into cidades (id, nome, estado, plano_retencao_dias) values (${cidade_id}, ${`Cidade ${number}`}, 'SP', 30)`;
    for (const id of camera_ids) {
      await owner`insert into cameras (cidade_id, id, nome) values (${cidade_id}, ${id}, ${`Câmera ${id.slice(-6)}`})`;
    }
  }
  return made;
};
