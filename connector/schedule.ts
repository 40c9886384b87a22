/**
 * Clock → function. A planned run is a row: who inserts it runs it, however many replicas look at the clock. After a
 * time without any connector the latest missed run is made up for, and only that one.
 */
import { Cron } from "croner";
import { PARK_SECONDS, RETRY_SECONDS } from "#lib/broker/broker.ts";
import type { Sql } from "#lib/db/connect.ts";
import type { Log } from "#lib/log.ts";
import { pause } from "#lib/pause.ts";
import type { RunPlanned } from "./deliver.ts";
import { mustPark, parkSeconds, type Outcome } from "./retry-rules.ts";

export type Schedule = { function: string; schedule: string; timezone: string; timeout_seconds: number };
export type Scheduler = { stop(): Promise<void> };

/** Waits end early when it stops. Handed in by tests. */
export type Wait = (ms: number) => Promise<void>;

const LONGEST_NAP_MS = 30_000;
const MAX_PARKS = 10;
const KEPT_DAYS = 90;

/** The latest planned run at or before `now`. */
export const latestPlanned = ({ schedule, timezone }: Schedule, now: Date): Date | null =>
  new Cron(schedule, { timezone, paused: true }).previousRuns(1, new Date(now.getTime() + 1))[0] ?? null;

export const nextPlanned = ({ schedule, timezone }: Schedule, now: Date): Date | null =>
  new Cron(schedule, { timezone, paused: true }).nextRun(now);

/** A run that was begun so long ago without an end died with its process. */
const staleMs = ({ timeout_seconds }: Schedule): number => (timeout_seconds * 4 + MAX_PARKS * PARK_SECONDS + 60) * 1000;

/** `false`: it is somebody else's, or done. */
export const claimRun = async (sql: Sql, schedule: Schedule, plannedFor: Date, now: Date): Promise<boolean> => {
  const claimed = await sql`
    insert into scheduled_runs as run (function, planned_for, started_at)
    values (${schedule.function}, ${plannedFor}, ${now})
    on conflict (function, planned_for) do update set started_at = excluded.started_at
      where run.finished_at is null and run.started_at < ${new Date(now.getTime() - staleMs(schedule))}
    returning planned_for`;
  return claimed.length === 1;
};

/** What was planned before the very first start was not missed. Answers the latest run that needs no catching up. */
const settledUntil = async (sql: Sql, schedule: Schedule, now: Date): Promise<Date> => {
  const stale = new Date(now.getTime() - staleMs(schedule));
  const [known] = await sql<{ any: boolean; latest: Date | null }[]>`
    select count(*) > 0 as any,
      max(planned_for) filter (where finished_at is not null or started_at >= ${stale}) as latest
    from scheduled_runs where function = ${schedule.function}`;
  if (known?.any) return known.latest ?? new Date(0);
  const before = latestPlanned(schedule, now) ?? new Date(0);
  await sql`
    insert into scheduled_runs (function, planned_for, started_at, finished_at, fault)
    values (${schedule.function}, ${before}, ${now}, ${now}, 'planned before the first start')
    on conflict do nothing`;
  return before;
};

type Parts = { sql: Sql; schedules: readonly Schedule[]; run: RunPlanned; log: Log; clock?: () => Date; wait?: Wait };

export const startScheduler = (parts: Parts): Scheduler => {
  const { sql, schedules, log } = parts;
  const clock = parts.clock ?? (() => new Date());
  const naps = pause();
  const wait = parts.wait ?? naps.nap;
  const stopping = new AbortController();
  const settled = new Map<string, Date>();
  const running = new Map<string, Promise<void>>();

  const look = async (schedule: Schedule): Promise<void> => {
    const { function: name } = schedule;
    // One run at a time: what becomes due meanwhile is caught up with, once.
    if (running.has(name)) return;
    const now = clock();
    const until = settled.get(name) ?? (await settledUntil(sql, schedule, now));
    settled.set(name, until);
    const planned = latestPlanned(schedule, now);
    if (!planned || planned <= until) return;
    const isMine = await claimRun(sql, schedule, planned, now);
    settled.set(name, planned);
    if (!isMine) return;
    const run = runOnce({ ...parts, clock, wait }, schedule, planned, stopping.signal)
      .catch((error: unknown) => log.error("The end of a scheduled run could not be written", { name, error }))
      .finally(() => {
        running.delete(name);
        naps.wakeAll();
      });
    running.set(name, run);
  };

  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      for (const schedule of schedules)
        await look(schedule).catch((error: unknown) => log.warn("The schedule could not be read", { error }));
      if (stopping.signal.aborted) return;
      const now = clock();
      const next = schedules.map((one) => (nextPlanned(one, now)?.getTime() ?? Infinity) - now.getTime());
      await wait(Math.min(LONGEST_NAP_MS, ...next));
    }
  };
  const looping = schedules.length > 0 ? loop() : Promise.resolve();

  return {
    stop: async () => {
      stopping.abort(new Error("The connector stops"));
      naps.wakeAll();
      await looping;
      await Promise.all(running.values());
    },
  };
};

const runOnce = async (
  parts: Parts & { clock: () => Date; wait: Wait },
  schedule: Schedule,
  planned: Date,
  stopping: AbortSignal,
): Promise<void> => {
  const { sql, log, clock } = parts;
  const { function: name } = schedule;
  const outcome = await tries(parts, schedule, planned, stopping);
  const fault = outcome.status < 300 ? null : `${outcome.status}: ${outcome.reason ?? "no reason given"}`;
  if (fault) log.error("A scheduled run failed", { function: name, planned_for: planned, fault });
  await sql`
    update scheduled_runs set finished_at = ${clock()}, fault = ${fault}
    where function = ${name} and planned_for = ${planned}`;
  await sql`
    delete from scheduled_runs
    where function = ${name} and planned_for < ${new Date(clock().getTime() - KEPT_DAYS * 86_400_000)}`;
};

/** The same patience as with messages: four attempts, and longer where a dependency is down. */
const tries = async (
  { run, wait }: Parts & { wait: Wait },
  schedule: Schedule,
  planned: Date,
  stopping: AbortSignal,
): Promise<Outcome> => {
  let parks = 0;
  for (let attempt = 1; ;) {
    const signal = AbortSignal.any([stopping, AbortSignal.timeout(schedule.timeout_seconds * 1000)]);
    const outcome = await run(schedule.function, planned, signal).catch((error: unknown): Outcome => ({
      status: 500,
      final: false,
      reason: String(error),
    }));
    const isDown = mustPark(outcome);
    const delay = isDown ? parkSeconds(outcome) : RETRY_SECONDS[attempt - 1];
    const isOver = outcome.status < 300 || outcome.final || delay === undefined || (isDown && ++parks > MAX_PARKS);
    if (isOver || stopping.aborted) return outcome;
    if (!isDown) attempt++;
    await wait(delay * 1000);
    if (stopping.aborted) return outcome;
  }
};
