/** Days that are made ahead, and how old ones end. Only functions of the owner make and drop: `migrations/0007-old-days.sql`. */
import type { TransactionSql } from "./connect.ts";

const DAY_MS = 86_400_000;
const AHEAD_DAYS = 8;
/** Longer than the longest plan of a city. */
const BACK_DAYS = 32;
/** A month of five years is a sixtieth. More than that at once is a clock that jumped: the trail is for who looks into such things. */
const MOST_OF_AUDIT = 0.05;

const dayOf = (time: Date): string => time.toISOString().slice(0, 10);
const daysBefore = (now: Date, days: number): string => dayOf(new Date(now.getTime() - days * DAY_MS));

export const makeDays = (sql: TransactionSql, now: Date) =>
  sql`select gt_make_partitions(${daysBefore(now, 1)}::date, ${daysBefore(now, -AHEAD_DAYS)}::date)`;

/** Of what is kept by the plans of cities: the oldest days in which nothing is left. */
export const dropEmptyDays = (sql: TransactionSql, now: Date) =>
  sql`select gt_drop_empty_partitions(${daysBefore(now, BACK_DAYS)}::date)`;

type AgedTable = "outbox" | "inbox" | "audit_log";
/** How many days each is kept at least. Whoever runs the database may set another number in `partitioned_tables`. */
export type KeptDays = Record<AgedTable, number>;

export const readKeptDays = async (sql: TransactionSql): Promise<KeptDays> => {
  const rows = await sql<{ name: AgedTable; kept_days: number }[]>`
    select name, kept_days from partitioned_tables where kept_days is not null`;
  return Object.fromEntries(rows.map(({ name, kept_days }) => [name, kept_days])) as KeptDays;
};

/** Days of the outbox that may have been published long enough ago, oldest first. */
export const listPublishedDays = async (sql: TransactionSql, now: Date, kept: KeptDays): Promise<string[]> => {
  const rows = await sql<{ day: string }[]>`
    select from_day::text as day from gt_partitions_of('outbox') where to_day <= ${daysBefore(now, kept.outbox)}::date`;
  return rows.map(({ day }) => day);
};

/**
 * Not before all of the day was published, and that `kept.outbox` days ago: until then it can be replayed. What no queue was
 * bound to is kept as long as the inbox remembers: somebody may bind one and replay it.
 */
export const dropPublishedDay = (sql: TransactionSql, day: string, now: Date, kept: KeptDays) =>
  sql`select gt_drop_published_day(${day}::date, ${new Date(now.getTime() - kept.outbox * DAY_MS)},
    ${day >= daysBefore(now, kept.inbox)})`;

/** Answers whether there was one. */
export const dropOldest = async (
  sql: TransactionSql,
  table: "inbox" | "audit_log",
  now: Date,
  kept: KeptDays,
): Promise<boolean> => {
  const [row] = await sql<{ dropped: string | null }[]>`
    select gt_drop_oldest_partition(${table}, ${daysBefore(now, kept[table])}::date) as dropped`;
  return (row?.dropped ?? null) !== null;
};

/** Whether so much of the audit trail is due that it cannot be meant. */
export const isTooMuchAudit = async (sql: TransactionSql, now: Date, kept: KeptDays): Promise<boolean> => {
  const end = daysBefore(now, kept.audit_log);
  const due = await sql`select 1 from gt_partitions_of('audit_log') where to_day <= ${end}::date`;
  if (due.length === 0) return false;
  const [months] = await sql<{ held: number; expired: number }[]>`
    select count(*)::int as held, (count(*) filter (where to_day <= ${end}::date))::int as expired
    from gt_partition_contents('audit_log') where holds`;
  const { held = 0, expired = 0 } = months ?? {};
  return expired > Math.max(1, held * MOST_OF_AUDIT) || (expired > 0 && expired === held);
};
