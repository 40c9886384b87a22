/** Finding reads by plate: one lateral query per city, each on that city's indexes, merged newest first. */
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
  return sql<PlateReadRow[]>`
    select found.* from unnest(${[...cidade_ids]}::uuid[]) as city (id)
    cross join lateral (select ${readColumns(sql)} from ${matching(sql, pattern)} ${rest}) found
    order by found.captured_at desc, found.id desc limit ${limit + 1}`;
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
        where k.cidade_id = city.id and k.key = ${first} and e.plate ~ ${pattern.regex}`;
    }
  }
};
