/** What has outlived its city's plan, and how much of it may go at once: docs/adr/0009. */
import type { TransactionSql } from "#lib/db/connect.ts";
import { AppError } from "#lib/errors.ts";

const DAY_MS = 86_400_000;
/** The last instant that a Date can say. */
export const END_OF_TIME = new Date(8.64e15);

/** A clock that jumped or a plan set by mistake must not empty an archive. Two days' worth is what a pause leaves behind. */
const MOST_SHARE = 0.05;
const MOST_DAYS = 2;
/** A handful is no share of anything: a city that has just begun. */
const FEW = 1000;

export const plannedEnd = (now: Date, days: number): Date => new Date(now.getTime() - days * DAY_MS);

export type Plan = { cidade_id: string; days: number; released_before: Date | null };

export const listPlans = (sql: TransactionSql): Promise<Plan[]> =>
  sql<Plan[]>`select cidade_id, days, released_before from retention_plans order by cidade_id`;

export type Count = { total: number; expired: number };

export const isModest = ({ total, expired }: Count, days: number): boolean =>
  expired <= Math.max(FEW, total * MOST_SHARE, (total / days) * MOST_DAYS);

/** A span of time within one day (UTC), which is one partition. */
export type Slice = { from: Date; to: Date };

/** `days` as they are listed, up to `to`. */
export const slicesUntil = (days: readonly string[], to: Date): Slice[] =>
  days.flatMap((day) => {
    const from = new Date(`${day}T00:00:00Z`);
    const end = new Date(Math.min(from.getTime() + DAY_MS, to.getTime()));
    return from < to ? [{ from, to: end }] : [];
  });

/** `days`: those there are. */
export type Run = { now: Date; days: readonly string[] };

/** What somebody released is not counted as expiring: it may go in any number. `count` says how much of a slice there is. */
export const countExpired = async (
  { days: planned, released_before }: Plan,
  { now, days }: Run,
  count: { all(slice: Slice): Promise<number>; expiring(slice: Slice): Promise<number> },
): Promise<Count> => {
  const counted: Count = { total: 0, expired: 0 };
  for (const day of slicesUntil(days, END_OF_TIME)) counted.total += await count.all(day);
  for (const day of slicesUntil(days, plannedEnd(now, planned))) {
    const from = new Date(Math.max(day.from.getTime(), released_before?.getTime() ?? 0));
    if (from < day.to) counted.expired += await count.expiring({ from, to: day.to });
  }
  return counted;
};

/** Loud, after every other city was cleaned. */
export const tooMuch = (what: string, cities: readonly string[]): AppError =>
  new AppError(
    "internal",
    `Retention would delete more ${what} at once than can be meant, in ${cities.join(", ")}: look at the clock and the plans`,
    { reason: "retention.too_much" },
  );
