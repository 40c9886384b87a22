/**
 * Finding reads by plate, as it was read or as a person corrected it: one lateral query per city and way, each on that city's
 * indexes, merged newest first.
 */
import type { TransactionSql } from "#lib/db/connect.ts";
import type { PlatePattern } from "./plate-patterns.ts";
import { joinCamera, readColumns, type PlateReadRow } from "./plate-reads.ts";

export type Search = {
  cidade_ids: readonly string[];
  camera_id?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
  limit: number;
};

export const searchReads = (
  sql: TransactionSql,
  pattern: PlatePattern,
  { cidade_ids, camera_id, from, to, limit }: Search,
  after: readonly string[] | null,
): Promise<PlateReadRow[]> => {
  const rest = sql`
    ${camera_id === undefined ? sql`` : sql`and e.camera_id = ${camera_id}`}
    ${from === undefined ? sql`` : sql`and e.captured_at >= ${from}::timestamptz`}
    ${to === undefined ? sql`` : sql`and e.captured_at < ${to}::timestamptz`}
    ${after ? sql`and (e.captured_at, e.id) < (${after[0] ?? ""}::timestamptz, ${after[1] ?? ""}::uuid)` : sql``}
    order by e.captured_at desc, e.id desc limit ${limit + 1}`;
  const ways = [matching(sql, pattern), ...corrected(sql, pattern)]
    .map((way) => sql`(select ${readColumns(sql)} from ${way} ${rest})`)
    .reduce((all, way) => sql`${all} union all ${way}`);
  return sql<PlateReadRow[]>`
    select found.* from unnest(${[...cidade_ids]}::uuid[]) as city (id)
    cross join lateral (${ways}) found
    order by found.captured_at desc, found.id desc limit ${limit + 1}`;
};

/** What people corrected to it; what was read so already is among the others. */
const corrected = (sql: TransactionSql, pattern: PlatePattern) => {
  const reads = sql`lpr_corrections k
    join lpr_events e on e.cidade_id = k.cidade_id and e.captured_at = k.event_captured_at and e.id = k.event_id ${joinCamera(sql)}
    where k.cidade_id = city.id and k.is_current`;
  switch (pattern.kind) {
    case "exact":
      return [sql`${reads} and k.plate = ${pattern.plate} and e.plate is distinct from k.plate`];
    case "prefix": {
      const { from, to } = pattern;
      return [
        sql`${reads} and k.plate >= ${from} and k.plate < ${to} and not coalesce(e.plate >= ${from} and e.plate < ${to}, false)`,
      ];
    }
    // Its keys are among those of what was read.
    case "wildcard":
      return [];
  }
};

const matching = (sql: TransactionSql, pattern: PlatePattern) => {
  switch (pattern.kind) {
    case "exact":
      return sql`lpr_events e ${joinCamera(sql)} where e.cidade_id = city.id and e.plate = ${pattern.plate}`;
    case "prefix":
      return sql`lpr_events e ${joinCamera(sql)}
        where e.cidade_id = city.id and e.plate >= ${pattern.from} and e.plate < ${pattern.to}`;
    case "wildcard": {
      const [first = "", second] = pattern.keys;
      const also =
        second === undefined
          ? sql``
          : sql`join lpr_plate_keys k2 on k2.cidade_id = k.cidade_id and k2.key = ${second}
              and k2.captured_at = k.captured_at and k2.event_id = k.event_id`;
      return sql`lpr_plate_keys k ${also}
        join lpr_events e on e.cidade_id = k.cidade_id and e.captured_at = k.captured_at and e.id = k.event_id ${joinCamera(sql)}
        where k.cidade_id = city.id and k.key = ${first} and (e.plate ~ ${pattern.regex} or exists (
          select 1 from lpr_corrections c where c.cidade_id = e.cidade_id and c.event_id = e.id and c.is_current and c.plate ~ ${pattern.regex}))`;
    }
  }
};
