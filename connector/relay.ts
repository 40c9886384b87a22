/**
 * Outbox → broker. A row is taken by its being unpublished, never by an id behind a cursor: a long transaction may
 * commit a lower id later. Rows stay, so that they can be replayed when a broker has lost them.
 */
import { AppError } from "#lib/errors.ts";
import type { Sql, TransactionSql } from "#lib/db/connect.ts";
import type { Broker } from "#lib/broker/broker.ts";
import type { CloudEvent } from "#lib/events.ts";
import { cloudEventOf, type OutboxRow } from "#lib/function/outbox.ts";
import type { Log } from "#lib/log.ts";
import { pause } from "#lib/pause.ts";

export type RelayPace = { batch: number; busy_ms: number; idle_ms: number };
export type RelayCounts = {
  /** Waiting to be published. */
  unpublished: number;
  /** Set aside: nobody is bound to their type. */
  refused: number;
  /** Age of the oldest that waits. */
  oldest_seconds: number;
};
export type Relay = {
  /** After a commit that wrote events: not to wait for the next look. */
  wake(): void;
  stop(): Promise<void>;
  counts(): Promise<RelayCounts>;
};
/** `taken`: how many rows left the outbox. `elsewhere`: another relay is at it. */
export type Batch = { taken: number; elsewhere: boolean; refused: string[] };

type Row = OutboxRow & { source: string };

const BUSY_FOR_MS = 5000;
const ELSEWHERE_MS = 20;
const BACK_OFF_MS = [100, 200, 500, 1000, 2000, 5000];
/** Twice as long as a broker may take to confirm: whoever is silent for longer has stopped, and another takes its turn. */
const SILENT_AT_MOST = "10s";

/**
 * `sql` logs in as gt_system. Where the broker is a table of the same database its rows are in with the same commit, over the
 * same connection; else the rows stay locked until the broker has confirmed.
 */
export const relayBatch = async (sql: Sql, broker: Broker, batch: number): Promise<Batch> => {
  const published: (() => void)[] = [];
  const done = await sql.begin(async (tx): Promise<Batch> => {
    // One batch at a time in the whole system: two would publish a key's events side by side.
    const [turn] = await tx`
      select pg_try_advisory_xact_lock(hashtextextended('relay', 0)) as mine,
        set_config('idle_in_transaction_session_timeout', ${SILENT_AT_MOST}, true)`;
    if (!turn?.["mine"]) return { taken: 0, elsewhere: true, refused: [] };
    // The limit stands in the text: for a plan that is made once a parameter is a tenth of the table.
    const rows = await tx<Row[]>`
      select id, cidade_id, source, type, version, subject, partition_key, correlation_id, traceparent, data, created_at
      from outbox where published_at is null and refused is null
      order by id limit ${tx.unsafe(String(Math.trunc(batch)))} for update skip locked`;
    if (rows.length === 0) return { taken: 0, elsewhere: false, refused: [] };
    const publish = async (events: readonly CloudEvent[]): Promise<void> => {
      if (broker.publishWithin) published.push(await broker.publishWithin(tx, events));
      else await broker.publish(events);
    };
    const refused = await publishRouted(publish, rows);
    await mark(tx, rows, refused);
    return { taken: rows.length, elsewhere: false, refused };
  });
  for (const tell of published) tell();
  return done;
};

type Publish = (events: readonly CloudEvent[]) => Promise<void>;

/** Answers the types that no queue is bound to; all others are durable in the broker, or will be with the commit. */
const publishRouted = async (publish: Publish, rows: readonly Row[]): Promise<string[]> => {
  const events = rows.map((row) => ({ ...cloudEventOf(row), source: row.source }));
  try {
    await publish(events);
    return [];
  } catch (error) {
    if (!(error instanceof AppError) || error.reason !== "broker.unroutable") throw error;
    const refused = String(error.params["types"]).split(",");
    await publish(events.filter(({ type }) => !refused.includes(type)));
    return refused;
  }
};

/** The ids' range lets the planner leave out all other days. */
const mark = async (tx: TransactionSql, rows: readonly Row[], refused: readonly string[]): Promise<void> => {
  const [first, last] = [rows[0]!.id, rows.at(-1)!.id];
  const ids = rows.map(({ id }) => id);
  const unbound = JSON.stringify(refused);
  await tx`
    update outbox set
      published_at = case when ${unbound}::text::jsonb ? type then null else now() end,
      refused = case when ${unbound}::text::jsonb ? type then 'No queue is bound to this type' end
    where id between ${first} and ${last}
      and id in (select id::uuid from jsonb_array_elements_text(${JSON.stringify(ids)}::text::jsonb) as taken (id))`;
};

export const startRelay = (parts: { sql: Sql; broker: Broker; log: Log; pace?: Partial<RelayPace> }): Relay => {
  const { sql, broker, log } = parts;
  const pace: RelayPace = { batch: 200, busy_ms: 25, idle_ms: 1000, ...parts.pace };
  const naps = pause();
  const reported = new Set<string>();
  let open = true;
  let woken = false;

  const step = async (lastBusy: number): Promise<{ busy: boolean; wait: number }> => {
    woken = false;
    const { taken, elsewhere, refused } = await relayBatch(sql, broker, pace.batch);
    for (const type of refused) {
      if (!reported.has(type)) log.warn("No queue is bound to an event's type: kept for a replay", { type });
      reported.add(type);
    }
    if (taken === pace.batch) return { busy: true, wait: 0 };
    if (elsewhere) return { busy: false, wait: ELSEWHERE_MS };
    const isBusy = taken > 0 || performance.now() - lastBusy < BUSY_FOR_MS;
    return { busy: taken > 0, wait: isBusy ? pace.busy_ms : pace.idle_ms };
  };

  const run = async (): Promise<void> => {
    let lastBusy = -Infinity;
    let failures = 0;
    while (open) {
      let wait: number;
      try {
        const done = await step(lastBusy);
        if (done.busy) lastBusy = performance.now();
        ({ wait } = done);
        failures = 0;
      } catch (error) {
        if (failures === 0) log.warn("Events could not be published: they stay in the outbox", { error });
        wait = BACK_OFF_MS[Math.min(failures++, BACK_OFF_MS.length - 1)]!;
        // A wake-up would only try the same again.
        woken = false;
      }
      if (open && !woken && wait > 0) await naps.nap(wait);
    }
  };
  const running = run();

  return {
    wake: () => {
      woken = true;
      naps.wakeAll();
    },
    stop: async () => {
      open = false;
      naps.wakeAll();
      await running;
    },
    counts: () => relayCounts(sql),
  };
};

export const relayCounts = async (sql: Sql): Promise<RelayCounts> => {
  const [counted] = await sql<RelayCounts[]>`
    select count(*) filter (where refused is null)::int as unpublished, count(refused)::int as refused,
      coalesce(extract(epoch from now() - min(created_at) filter (where refused is null)), 0)::float8 as oldest_seconds
    from outbox where published_at is null`;
  return counted ?? { unpublished: 0, refused: 0, oldest_seconds: 0 };
};
