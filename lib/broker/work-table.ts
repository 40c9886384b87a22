/** The statements of the work table. `run_at` is when a row is due; while it is held, when its hold lapses. */
import type { PendingQuery, Row, Sql, TransactionSql } from "postgres";
import type { CloudEvent } from "#lib/events.ts";
import type { DeadLetter, QueueDepth, Redriven, Settlement } from "#lib/broker/broker.ts";

/** `lane` is the partition key in a queue that keeps order, otherwise null. */
export type Item = { queue: string; lane: string | null; event: CloudEvent };
export type Held = { id: string; token: string };
export type Claimed = Held & { event: CloudEvent; attempt: number; lapses: number; published_at: Date };

export type WorkTable = ReturnType<typeof workTable>;

export const workTable = (sql: Sql, clock: (() => Date) | undefined, leaseMs: number) => {
  const now = () => (clock ? sql`${clock()}::timestamptz` : sql`now()`);
  const table: Table = { sql, leaseMs, now, later: (ms) => sql`${now()} + ${ms} * interval '1 ms'` };
  return { ...adding(table), ...taking(table), ...settling(table), ...holding(table), ...counting(table) };
};

type Fragment = PendingQuery<Row[]>;
type Table = { sql: Sql; leaseMs: number; now: () => Fragment; later: (ms: number) => Fragment };
type Db = Sql | TransactionSql;
type Lane = { queue: string; lane: string | null };

/** Serialises who adds to and who takes from the lanes of these queues: else a row may wait for one that is gone. */
const lockLanes = async (tx: TransactionSql, queues: readonly string[]): Promise<void> => {
  for (const queue of [...new Set(queues)].sort())
    await tx`select pg_advisory_xact_lock(hashtextextended(${`work/${queue}`}, 0))`;
};

const adding = ({ sql, now }: Table) => {
  const insert = (db: Db, items: readonly Item[]) => db`
    insert into work (queue, lane, event_id, event, run_at, published_at, blocked)
    select item ->> 'queue', item ->> 'lane', (item -> 'event' ->> 'id')::uuid, item -> 'event', ${now()}, ${now()},
      item ->> 'lane' is not null and (
        row_number() over (partition by item ->> 'queue', item ->> 'lane' order by place) > 1
        or exists (select from work w where w.queue = item ->> 'queue' and w.lane = item ->> 'lane'))
    from jsonb_array_elements(${JSON.stringify(items)}::text::jsonb) with ordinality as items (item, place)
    order by place
    on conflict (queue, event_id) do nothing`;

  const addWithin = async (tx: TransactionSql, items: readonly Item[]): Promise<void> => {
    const ordered = items.filter(({ lane }) => lane !== null).map(({ queue }) => queue);
    if (ordered.length > 0) await lockLanes(tx, ordered);
    await insert(tx, items);
  };

  return {
    /** What waits there already stays as it is. */
    add: async (items: readonly Item[]): Promise<void> => {
      if (items.every(({ lane }) => lane === null)) {
        await insert(sql, items);
        return;
      }
      await sql.begin((tx) => addWithin(tx, items));
    },
    addWithin,
    /** Dead letters become new messages. Whoever comes second finds them gone. */
    redrive: async (which: Redriven): Promise<number> =>
      sql.begin(async (tx) => {
        const chosen = chosenOf(tx, which);
        const lanes = await tx<Lane[]>`
          select distinct queue from dead_letters where lane is not null and ${chosen}`;
        await lockLanes(
          tx,
          lanes.map(({ queue }) => queue),
        );
        const [answer] = await tx<{ count: number }[]>`
          with gone as (delete from dead_letters where ${chosen} returning *), put as (
            insert into work (queue, lane, event_id, event, run_at, published_at, blocked)
            select queue, lane, event_id, event, ${now()}, published_at, lane is not null and (
              row_number() over (partition by queue, lane order by published_at, died_at) > 1
              or exists (select from work w where w.queue = gone.queue and w.lane = gone.lane))
            from gone order by published_at, died_at
            on conflict (queue, event_id) do nothing)
          select count(*)::int as count from gone`;
        return answer?.count ?? 0;
      }),
  };
};

const chosenOf = (tx: TransactionSql, which: Redriven) => {
  if (which === "all") return tx`true`;
  if ("id" in which) return tx`id = ${which.id}`;
  return tx`queue = ${which.queue} and strpos(reason, ${which.reason ?? ""}) > 0`;
};

/**
 * Its order is that of the index `work_due`: without that a claim reads the whole backlog. The limit stands in the text: as
 * a parameter it is taken for a tenth of the table by a plan that is made once, and the join behind it reads the whole again.
 */
export const dueOf = (db: Db, queue: string, limit: number, now: Fragment) => db`
  select id from work where queue = ${queue} and not blocked and run_at <= ${now}
  order by run_at, id limit ${db.unsafe(String(Math.trunc(limit)))} for update skip locked`;

const taking = ({ sql, leaseMs, now, later }: Table) => ({
  claim: async (queue: string, limit: number): Promise<Claimed[]> => {
    const rows = await sql<Claimed[]>`
      with due as materialized (${dueOf(sql, queue, limit, now())})
      update work set token = token + 1, state = 'held', run_at = ${later(leaseMs)},
        lapses = lapses + (state = 'held')::int
      from due where work.id = due.id
      returning work.id::text, token::text, event, attempts + 1 as attempt, lapses, published_at`;
    return rows.sort((a, b) => (BigInt(a.id) < BigInt(b.id) ? -1 : 1));
  },
  /** Milliseconds until each queue's next row is due, at most 0 where one is. */
  due: async (queues: readonly string[]): Promise<{ queue: string; ms: number }[]> => {
    const rows = await sql<{ queue: string; ms: number | null }[]>`
      select queue, (
        select extract(epoch from run_at - ${now()})::float8 * 1000 from work
        where work.queue = asked.queue and not blocked order by run_at, id limit 1) as ms
      from jsonb_array_elements_text(${JSON.stringify(queues)}::text::jsonb) as asked (queue)`;
    return rows.flatMap(({ queue, ms }) => (ms === null ? [] : [{ queue, ms }]));
  },
  /** A queue that kept order in an earlier version leaves rows that would wait for ever. */
  unblock: async (unordered: readonly string[]): Promise<void> => {
    await sql`
      update work set blocked = false
      where blocked and queue in (select jsonb_array_elements_text(${JSON.stringify(unordered)}::text::jsonb))`;
  },
});

const settling = ({ sql, now, later }: Table) => {
  const isHeld = ({ id, token }: Held) => sql`id = ${id} and token = ${token} and state = 'held' and run_at > ${now()}`;

  const apply = (db: Db, held: Held, settlement: Settlement) => {
    if ("done" in settlement) return db<Lane[]>`delete from work where ${isHeld(held)} returning queue, lane`;
    if ("dead" in settlement)
      return db<Lane[]>`
        with gone as (delete from work where ${isHeld(held)} returning *), kept as (
          insert into dead_letters (queue, lane, event_id, event, attempts, reason, published_at, died_at)
          select queue, lane, event_id, event, attempts + 1, ${clip(settlement.reason)}, published_at, ${now()} from gone)
        select queue, lane from gone`;
    const counts = "retry" in settlement ? 1 : 0;
    return db<Lane[]>`
      update work set state = ${counts ? "waiting" : "parked"}, attempts = attempts + ${counts}, lapses = 0,
        reason = ${clip(settlement.reason)}, run_at = ${later(settlement.delay_seconds * 1000)}
      where ${isHeld(held)} returning queue, lane`;
  };

  return {
    /** `ordered`: the queue, where it keeps order. `false`: the hold had lapsed, nothing was changed. */
    settle: async (held: Held, settlement: Settlement, ordered: string | null): Promise<boolean> => {
      if (ordered === null) return (await apply(sql, held, settlement)).length === 1;
      return sql.begin(async (tx) => {
        await lockLanes(tx, [ordered]);
        const [settled] = await apply(tx, held, settlement);
        if (settled?.lane && ("done" in settlement || "dead" in settlement))
          await tx`update work set blocked = false where id = (
            select min(id) from work where queue = ${settled.queue} and lane = ${settled.lane})`;
        return settled !== undefined;
      });
    },
  };
};

const clip = (reason: string): string => reason.slice(0, 2000);

const holding = ({ sql, leaseMs, now, later }: Table) => {
  const setOf = (all: readonly Held[]) =>
    sql`jsonb_to_recordset(${JSON.stringify(all)}::text::jsonb) as held (id bigint, token bigint)`;
  return {
    renew: async (all: readonly Held[]): Promise<void> => {
      await sql`
        update work set run_at = ${later(leaseMs)} from ${setOf(all)}
        where work.id = held.id and work.token = held.token and state = 'held' and run_at > ${now()}`;
    },
    /** Gives back at once, as if it had never been handed out. */
    release: async (all: readonly Held[]): Promise<void> => {
      await sql`
        update work set run_at = ${now()}, state = 'waiting' from ${setOf(all)}
        where work.id = held.id and work.token = held.token and state = 'held'`;
    },
  };
};

const counting = ({ sql, now }: Table) => ({
  deadLetters: async (queue: string, limit: number): Promise<DeadLetter[]> => [
    ...(await sql<DeadLetter[]>`
      select id, queue, event, attempts, reason, died_at from dead_letters
      where queue = ${queue} order by died_at desc, id limit ${limit}`),
  ],
  depths: async (): Promise<QueueDepth[]> => sql<QueueDepth[]>`
    select queue, sum(waiting)::int as waiting, sum(held)::int as held, sum(parked)::int as parked,
      sum(dead)::int as dead, coalesce(max(oldest), 0)::float8 as oldest_seconds
    from (
      select queue, count(*) filter (where state = 'waiting' or run_at <= ${now()}) as waiting,
        count(*) filter (where state = 'held' and run_at > ${now()}) as held,
        count(*) filter (where state = 'parked' and run_at > ${now()}) as parked, 0 as dead,
        extract(epoch from ${now()} - min(published_at)) as oldest
      from work group by queue
      union all
      select queue, 0, 0, 0, count(*), null from dead_letters group by queue
    ) as counted group by queue`,
});
