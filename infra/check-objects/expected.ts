/** Which objects rows say that there are, in the order in which stores list them. */
import type { Sql, TransactionSql } from "#lib/db/connect.ts";
import { withTenant } from "#lib/db/transaction.ts";
import type { Bucket } from "#lib/object-store/object-store.ts";

/** `bytes` and `sha256` where the row knows them. */
export type Expected = { key: string; bytes: number | null; sha256: string | null };
/** What lies below one beginning of keys, and its rows. */
export type Section = {
  bucket: Bucket;
  prefix: string;
  rows: () => AsyncIterable<Expected>;
  /** The row of one key, now. */
  find(key: string): Promise<Expected | null>;
  /** `false`: other objects lie there too, that no row lists. */
  complete: boolean;
};

const PAGE = 1000;

type Camera = { cidade_id: string; id: string };

export const sectionsOf = async function* (sql: Sql): AsyncGenerator<Section> {
  const cameras = await withTenant(
    sql,
    "all",
    "read",
    (tx) => tx<Camera[]>`select cidade_id, id from cameras order by cidade_id, id`,
  );
  for (const camera of cameras) {
    yield segmentsOf(sql, camera);
    yield platePicturesOf(sql, camera);
  }
  const cities = await withTenant(sql, "all", "read", (tx) => tx<{ id: string }[]>`select id from cidades order by id`);
  for (const { id } of cities) {
    yield clipsOf(sql, id);
    yield clipPicturesOf(sql, id);
  }
};

/** By the index that makes a segment's run and number unique; they are also its key. */
const segmentsOf = (sql: Sql, { cidade_id, id }: Camera): Section => {
  type Row = Expected & { boot_id: string; sequence: string };
  const page = (after: Row | null) =>
    withTenant(
      sql,
      [cidade_id],
      "read",
      (tx) =>
        tx<Row[]>`
        select object_key as key, bytes::float8 as bytes, sha256, boot_id, sequence::text from recording_segments
        where cidade_id = ${cidade_id} and camera_id = ${id} and place = 'store'
          and ${after ? tx`(boot_id, sequence) > (${after.boot_id}::uuid, ${after.sequence}::bigint)` : tx`true`}
        order by boot_id, sequence limit ${PAGE}`,
    );
  return {
    bucket: "recordings",
    prefix: `${cidade_id}/${id}/`,
    rows: () => paged(page),
    find: async (key) => {
      const [, boot_id = "", sequence = ""] = /\/([0-9a-f-]{36})-(\d+)\.mp4$/.exec(key) ?? [];
      if (boot_id === "") return null;
      const [row] = await withTenant(
        sql,
        [cidade_id],
        "read",
        (tx) =>
          tx<Expected[]>`
          select object_key as key, bytes::float8 as bytes, sha256 from recording_segments
          where cidade_id = ${cidade_id} and camera_id = ${id} and boot_id = ${boot_id} and sequence = ${sequence}::bigint`,
      );
      return row ?? null;
    },
    complete: true,
  };
};

const clipsOf = (sql: Sql, cidade_id: string): Section => {
  const page = (after: Expected | null, only: string | null = null) =>
    withTenant(
      sql,
      [cidade_id],
      "read",
      (tx) =>
        tx<Expected[]>`
        select storage_path as key, bytes::float8 as bytes, sha256 from clips
        where cidade_id = ${cidade_id} and storage_path collate "C" > ${after?.key ?? ""}
          and ${only === null ? tx`true` : tx`storage_path = ${only}`}
        order by storage_path collate "C" limit ${PAGE}`,
    );
  return {
    bucket: "clips",
    prefix: `${cidade_id}/`,
    rows: () => paged((after: Expected | null) => page(after)),
    find: async (key) => (await page(null, key))[0] ?? null,
    complete: true,
  };
};

/** Beside them lie the pictures of each ten seconds, which no row lists. */
const clipPicturesOf = (sql: Sql, cidade_id: string): Section => {
  const page = (after: Expected | null, only: string | null = null) =>
    withTenant(
      sql,
      [cidade_id],
      "read",
      (tx) =>
        tx<Expected[]>`
        select thumbnail_path as key, null::float8 as bytes, null as sha256 from clips
        where cidade_id = ${cidade_id} and thumbnail_path collate "C" > ${after?.key ?? ""}
          and ${only === null ? tx`true` : tx`thumbnail_path = ${only}`}
        order by thumbnail_path collate "C" limit ${PAGE}`,
    );
  return {
    bucket: "thumbnails",
    prefix: `${cidade_id}/`,
    rows: () => paged((after: Expected | null) => page(after)),
    find: async (key) => (await page(null, key))[0] ?? null,
    complete: false,
  };
};

const DAY_MS = 24 * 3_600_000;

/** A day after the other, because their keys begin with it; within a day by the read's id, which is what a key goes on with. */
const platePicturesOf = (sql: Sql, { cidade_id, id }: Camera): Section => {
  type Row = { id: string; image_url: string | null; plate_image_url: string | null };
  const asTenant = <R>(work: (tx: TransactionSql) => Promise<R>): Promise<R> =>
    withTenant(sql, [cidade_id], "read", work);
  const page = (day: Date) => (after: Row | null) =>
    asTenant(
      (tx) => tx<Row[]>`
        select id, image_url, plate_image_url from plate_reads
        where cidade_id = ${cidade_id} and camera_id = ${id}
          and captured_at >= ${day} and captured_at < ${new Date(day.getTime() + DAY_MS)}
          and ${after ? tx`id > ${after.id}::uuid` : tx`true`}
        order by id limit ${PAGE}`,
    );
  const days = () =>
    asTenant(
      (tx) => tx<{ oldest: Date | null; newest: Date | null }[]>`
        select min(captured_at) as oldest, max(captured_at) as newest from plate_reads
        where cidade_id = ${cidade_id} and camera_id = ${id}`,
    );
  return {
    bucket: "lpr-images",
    prefix: `${cidade_id}/${id}/`,
    rows: async function* () {
      const [{ oldest, newest } = { oldest: null, newest: null }] = await days();
      if (!oldest || !newest) return;
      const first = Math.floor(oldest.getTime() / DAY_MS) * DAY_MS;
      for (let day = first; day <= newest.getTime(); day += DAY_MS)
        for await (const { plate_image_url, image_url } of paged(page(new Date(day))))
          for (const key of [plate_image_url, image_url]) if (key !== null) yield { key, bytes: null, sha256: null };
    },
    find: async (key) => {
      const [, read_id] = /\/([0-9a-f-]{36})-(?:plate|scene)(?:-[0-9a-f]+)?\./.exec(key) ?? [];
      if (read_id === undefined) return null;
      const [row] = await asTenant(
        (tx) => tx`
          select 1 from plate_reads
          where cidade_id = ${cidade_id} and id = ${read_id} and ${key} in (image_url, plate_image_url)`,
      );
      return row ? { key, bytes: null, sha256: null } : null;
    },
    complete: true,
  };
};

async function* paged<R>(page: (after: R | null) => Promise<R[]>): AsyncGenerator<R> {
  for (let after: R | null = null; ;) {
    const rows: R[] = await page(after);
    yield* rows;
    if (rows.length < PAGE) return;
    after = rows.at(-1) ?? null;
  }
}
