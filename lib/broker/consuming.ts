/** Takes due rows, hands them out, keeps their holds alive and settles them. */
import type { Consumer, Delivery, QueueSpec, Settlement } from "#lib/broker/broker.ts";
import { pause } from "#lib/pause.ts";
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
  claiming: boolean;
  mayHaveMore: boolean;
  inHand: Map<Held, Promise<void>>;
};

const BUSY_FOR_MS = 5000;
const CLAIM_AT_MOST = 50;
const BACK_OFF_MS = [100, 200, 500, 1000, 2000, 5000];

export const consuming = (table: WorkTable, pace: Pace, onError: (error: unknown) => void) => {
  const takers = new Set<Taker>();
  const naps = pause();
  let closed = false;
  let lastBusy = -Infinity;
  let polling: Promise<void> | null = null;

  const free = (taker: Taker): number => (taker.spec.parallel ?? 4) - taker.inHand.size;

  const fill = async (taker: Taker): Promise<void> => {
    if (taker.claiming) return;
    taker.claiming = true;
    try {
      while (taker.open && taker.mayHaveMore && free(taker) > 0) {
        taker.mayHaveMore = false;
        const asked = Math.min(free(taker), CLAIM_AT_MOST);
        const claimed = await table.claim(taker.spec.name, asked);
        // A wake-up during the claim has set it again.
        if (claimed.length === asked) taker.mayHaveMore = true;
        if (claimed.length > 0) lastBusy = performance.now();
        for (const one of claimed) start(taker, one);
      }
    } catch (error) {
      onError(error);
    } finally {
      taker.claiming = false;
    }
  };

  const start = (taker: Taker, claimed: Claimed): void => {
    const held = { id: claimed.id, token: claimed.token };
    const work = treat(taker, claimed)
      .catch(onError)
      .finally(() => {
        taker.inHand.delete(held);
        void fill(taker);
      });
    taker.inHand.set(held, work);
  };

  const treat = async (taker: Taker, claimed: Claimed): Promise<void> => {
    const { spec } = taker;
    const isPoison = claimed.lapses >= pace.max_lapses;
    const settlement = isPoison
      ? { dead: true as const, reason: `Its holder went away ${claimed.lapses} times` }
      : await answerOf(taker.handle, spec.name, claimed);
    lastBusy = performance.now();
    await insist(() => table.settle(claimed, settlement, spec.ordered ? spec.name : null));
    if (spec.ordered) taker.mayHaveMore = true;
  };

  /** An effect that happened should not be repeated because the settlement met a restart of the database. */
  const insist = async (work: () => Promise<unknown>): Promise<void> => {
    const end = performance.now() + pace.lease_ms;
    for (let tries = 0; ; tries++) {
      try {
        await work();
        return;
      } catch (error) {
        const wait = BACK_OFF_MS[Math.min(tries, BACK_OFF_MS.length - 1)]!;
        if (closed || performance.now() + wait > end) throw error;
        if (tries === 0) onError(error);
        await naps.nap(wait);
      }
    }
  };

  const look = async (): Promise<number> => {
    const asked = [...takers].filter((taker) => taker.open && free(taker) > 0 && !taker.claiming);
    const isBusy = performance.now() - lastBusy < BUSY_FOR_MS;
    const longest = isBusy ? pace.busy_ms : pace.idle_ms;
    if (asked.length === 0) return longest;
    const due = await table.due([...new Set(asked.map(({ spec }) => spec.name))]);
    for (const { queue, ms } of due) if (ms <= 0) wake([queue]);
    const next = Math.min(...due.map(({ ms }) => (ms <= 0 ? pace.busy_ms : ms)));
    return Math.max(5, Math.min(longest, next));
  };

  const poll = async (): Promise<void> => {
    for (let failures = 0; !closed;) {
      try {
        const wait = await look();
        failures = 0;
        await naps.nap(wait);
      } catch (error) {
        if (failures === 0) onError(error);
        await naps.nap(BACK_OFF_MS[Math.min(failures++, BACK_OFF_MS.length - 1)]!);
      }
    }
  };

  const renewing = setInterval(() => {
    const all = [...takers].flatMap(({ inHand }) => [...inHand.keys()]);
    if (all.length > 0) table.renew(all).catch(onError);
  }, pace.lease_ms / 3);
  renewing.unref();

  const wake = (queues?: readonly string[]): void => {
    for (const taker of takers) {
      if (queues && !queues.includes(taker.spec.name)) continue;
      taker.mayHaveMore = true;
      void fill(taker);
    }
  };

  const stop = async (taker: Taker): Promise<void> => {
    taker.open = false;
    while (taker.claiming) await naps.nap(5);
    const settled = Promise.all(taker.inHand.values());
    await naps.within(settled, pace.drain_ms);
    const left = [...taker.inHand.keys()];
    takers.delete(taker);
    if (left.length > 0) await table.release(left).catch(onError);
  };

  return {
    wake,
    start: async (spec: QueueSpec, handle: Handle): Promise<Consumer> => {
      const taker: Taker = { spec, handle, open: true, claiming: false, mayHaveMore: true, inHand: new Map() };
      takers.add(taker);
      void fill(taker);
      polling ??= poll();
      return { stop: () => stop(taker) };
    },
    close: async (): Promise<void> => {
      await Promise.all([...takers].map(stop));
      closed = true;
      clearInterval(renewing);
      naps.wakeAll();
      await polling;
    },
  };
};

const answerOf = async (handle: Handle, queue: string, claimed: Claimed): Promise<Settlement> => {
  const { event, attempt, published_at } = claimed;
  try {
    return await handle({ event, queue, attempt, fencing_token: Number(claimed.token), published_at });
  } catch (error) {
    return { retry: true, delay_seconds: 1, reason: error instanceof Error ? error.message : String(error) };
  }
};
