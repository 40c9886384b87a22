/** Takes due rows, hands them out, keeps their holds alive and settles them. */
import type { Consumer, Delivery, QueueSpec, Settlement } from "#lib/broker/broker.ts";
import { pause, type Pause } from "#lib/pause.ts";
import type { Claimed, Held, WorkTable } from "./work-table.ts";

export type Pace = {
  lease_ms: number;
  /** Between two looks at the table while there is something to do, and while there is not. */
  busy_ms: number;
  idle_ms: number;
  /** How long a stop waits for messages in hand before it gives them back. */
  drain_ms: number;
  /** A message whose holder went away this often is dead-lettered: it may be what ends them. */
  max_lapses: number;
};

type Handle = (delivery: Delivery) => Promise<Settlement>;
type Taker = {
  spec: QueueSpec;
  handle: Handle;
  open: boolean;
  /** Set while a claim is under way. */
  claiming: Promise<void> | null;
  mayHaveMore: boolean;
  inHand: Map<Held, Promise<void>>;
};
type Shared = {
  table: WorkTable;
  pace: Pace;
  onError: (error: unknown) => void;
  naps: Pause;
  takers: Set<Taker>;
  closed: boolean;
  lastBusy: number;
};

const BUSY_FOR_MS = 5000;
const CLAIM_AT_MOST = 50;
const SOONEST_MS = 5;
const BACK_OFF_MS = [100, 200, 500, 1000, 2000, 5000];

export const consuming = (table: WorkTable, pace: Pace, onError: (error: unknown) => void) => {
  const takers = new Set<Taker>();
  const shared: Shared = { table, pace, onError, naps: pause(), takers, closed: false, lastBusy: -Infinity };
  let polling: Promise<void> | null = null;
  const renewing = setInterval(() => {
    const all = [...takers].flatMap(({ inHand }) => [...inHand.keys()]);
    if (all.length > 0) table.renew(all).catch(onError);
  }, pace.lease_ms / 3);
  renewing.unref();

  return {
    /** Something may be due: in all queues, or in those named. */
    wake: (queues?: readonly string[]): void => wake(shared, queues),
    start: (spec: QueueSpec, handle: Handle): Consumer => {
      const taker: Taker = { spec, handle, open: true, claiming: null, mayHaveMore: true, inHand: new Map() };
      takers.add(taker);
      fill(shared, taker);
      polling ??= poll(shared);
      return { stop: () => stop(shared, taker) };
    },
    close: async (): Promise<void> => {
      await Promise.all([...takers].map((taker) => stop(shared, taker)));
      shared.closed = true;
      clearInterval(renewing);
      shared.naps.wakeAll();
      await polling;
    },
  };
};

const wake = (shared: Shared, queues?: readonly string[]): void => {
  for (const taker of shared.takers) {
    if (queues && !queues.includes(taker.spec.name)) continue;
    taker.mayHaveMore = true;
    fill(shared, taker);
  }
};

const free = ({ spec, inHand }: Taker): number => (spec.parallel ?? 4) - inHand.size;

const fill = (shared: Shared, taker: Taker): void => {
  taker.claiming ??= claimAll(shared, taker)
    .catch(shared.onError)
    .finally(() => {
      taker.claiming = null;
      // Woken between the end of the loop and here.
      if (taker.open && taker.mayHaveMore && free(taker) > 0) fill(shared, taker);
    });
};

const claimAll = async (shared: Shared, taker: Taker): Promise<void> => {
  while (taker.open && taker.mayHaveMore && free(taker) > 0) {
    taker.mayHaveMore = false;
    const asked = Math.min(free(taker), CLAIM_AT_MOST);
    const claimed = await shared.table.claim(taker.spec.name, asked);
    // A wake-up during the claim may have set it already.
    if (claimed.length === asked) taker.mayHaveMore = true;
    if (claimed.length > 0) shared.lastBusy = performance.now();
    for (const one of claimed) begin(shared, taker, one);
  }
};

const begin = (shared: Shared, taker: Taker, claimed: Claimed): void => {
  const held = { id: claimed.id, token: claimed.token };
  const work = treat(shared, taker, claimed)
    .catch(shared.onError)
    .finally(() => {
      taker.inHand.delete(held);
      fill(shared, taker);
    });
  taker.inHand.set(held, work);
};

const treat = async (shared: Shared, taker: Taker, claimed: Claimed): Promise<void> => {
  const { spec, handle } = taker;
  const isPoison = claimed.lapses >= shared.pace.max_lapses;
  const settlement = isPoison
    ? { dead: true as const, reason: `Its holder went away ${claimed.lapses} times` }
    : await answerOf(handle, spec.name, claimed);
  shared.lastBusy = performance.now();
  await insist(shared, () => shared.table.settle(claimed, settlement, spec.ordered ? spec.name : null));
  // The next of its lane has just come free.
  if (spec.ordered) taker.mayHaveMore = true;
};

const answerOf = async (handle: Handle, queue: string, claimed: Claimed): Promise<Settlement> => {
  const { event, attempt, published_at } = claimed;
  try {
    return await handle({ event, queue, attempt, fencing_token: Number(claimed.token), published_at });
  } catch (error) {
    return { retry: true, delay_seconds: 1, reason: error instanceof Error ? error.message : String(error) };
  }
};

/** An effect that happened should not be repeated because the settlement met a restart of the database. */
const insist = async (shared: Shared, work: () => Promise<unknown>): Promise<void> => {
  const end = performance.now() + shared.pace.lease_ms;
  for (let tries = 0; ; tries++) {
    try {
      await work();
      return;
    } catch (error) {
      const wait = backOff(tries);
      if (shared.closed || performance.now() + wait > end) throw error;
      if (tries === 0) shared.onError(error);
      await shared.naps.nap(wait);
    }
  }
};

const backOff = (failures: number): number => BACK_OFF_MS[Math.min(failures, BACK_OFF_MS.length - 1)]!;

const poll = async (shared: Shared): Promise<void> => {
  for (let failures = 0; !shared.closed;) {
    let wait: number;
    try {
      wait = await look(shared);
      failures = 0;
    } catch (error) {
      if (failures === 0) shared.onError(error);
      wait = backOff(failures++);
    }
    if (!shared.closed) await shared.naps.nap(wait);
  }
};

/** One question for all queues. Answers how long the next look may wait. */
const look = async (shared: Shared): Promise<number> => {
  const { pace, table } = shared;
  const isBusy = performance.now() - shared.lastBusy < BUSY_FOR_MS;
  const longest = isBusy ? pace.busy_ms : pace.idle_ms;
  const asked = [...shared.takers].filter((taker) => taker.open && free(taker) > 0 && !taker.claiming);
  if (asked.length === 0) return longest;
  const due = await table.due([...new Set(asked.map(({ spec }) => spec.name))]);
  const now = due.filter(({ ms }) => ms <= 0).map(({ queue }) => queue);
  if (now.length > 0) wake(shared, now);
  const next = Math.min(...due.map(({ ms }) => (ms <= 0 ? pace.busy_ms : ms)));
  return Math.max(SOONEST_MS, Math.min(longest, next));
};

const stop = async (shared: Shared, taker: Taker): Promise<void> => {
  taker.open = false;
  await taker.claiming;
  await shared.naps.within(Promise.all(taker.inHand.values()), shared.pace.drain_ms);
  const left = [...taker.inHand.keys()];
  shared.takers.delete(taker);
  if (left.length > 0) await shared.table.release(left).catch(shared.onError);
};
