/** Connections to PostgreSQL. `?pgbouncer=1` in the URL: no prepared statements. */
import postgres from "postgres";

export type Sql = postgres.Sql;
export type TransactionSql = postgres.TransactionSql;

export type SqlOptions = {
  max?: number;
  application_name?: string;
  idle_seconds?: number;
  /** What the server says beside its answers. Default: not heard. */
  notice?: (message: string) => void;
};

/**
 * A statement's plan is made once per connection. PostgreSQL would plan anew for each set of values, because it thinks that cheaper
 * for tables of some forty daily partitions: 8 to 50 ms each time for a search that then runs in one. Days that a statement
 * names are still chosen when it starts. The index of segments costs the same either way (docs/performance.md), so that no role
 * or statement is an exception; a count of a day is then not shared among parallel workers, which nobody waits for at night.
 */
const PLANS = { plan_cache_mode: "force_generic_plan" };

export const connectSql = (url: string, options: SqlOptions = {}): Sql => {
  const address = new URL(url);
  const pooled = address.searchParams.get("pgbouncer") === "1";
  address.searchParams.delete("pgbouncer");
  return postgres(address.href, {
    max: options.max ?? 10,
    idle_timeout: options.idle_seconds ?? 60,
    connect_timeout: 10,
    prepare: !pooled,
    // Asking the catalogue for array types costs a round trip per connection; the few used are given by hand.
    fetch_types: false,
    onnotice: ({ message }) => options.notice?.(message ?? ""),
    // PgBouncer refuses what it does not know, and keeps no plans.
    connection: { application_name: options.application_name ?? "gt-vision", ...(pooled ? {} : PLANS) },
    types: { bigint: safeInteger, day: plainDay, texts: textsAs(1009), uuids: textsAs(2951) },
  });
};

/** int8 as a number while it is exact, which our counts and sizes are. */
const safeInteger = {
  to: 20,
  from: [20],
  serialize: (value: number): string => String(value),
  parse: (text: string): number => {
    const number = Number(text);
    if (!Number.isSafeInteger(number)) throw new RangeError("An integer of the database is too large for a number");
    return number;
  },
};

/** A `date` is a day somewhere, not an instant. */
const plainDay = {
  to: 1082,
  from: [1082],
  serialize: (value: string): string => value,
  parse: (text: string): string => text,
};

/** Arrays of texts and of ids are parameters everywhere (`= any ($1::uuid[])`); nothing reads them back as arrays. */
const textsAs = (oid: number) => ({
  to: oid,
  from: [] as number[],
  serialize: (values: readonly string[]): string =>
    `{${values.map((value) => `"${value.replaceAll(/["\\\\]/g, "\\\\$&")}"`).join(",")}}`,
  parse: (text: string): string => text,
});
