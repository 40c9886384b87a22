/** What the server desires: asked for at once on a hint and every few seconds; while it is away, what it desired last. */
import { DesiredState, type DesiredCamera } from "#functions/cidades/contract.ts";
import { AppError } from "#lib/errors.ts";
import type { Log } from "#lib/log.ts";
import { pause } from "#lib/pause.ts";
import type { KeptDesiredState } from "./kept-desired-state.ts";
import type { Server } from "./server-client.ts";
import type { ServerClock } from "./server-clock.ts";

const ASK_EVERY_MS = 5000;
/** A server that is there answers in less; another is not waited for when it is known what it desired last. */
const FIRST_WORD_MS = 2000;

export type DesiredStateNeeds = { server: Server; clock: ServerClock; kept: KeptDesiredState; log: Log };
type Reconcile = (desired: readonly DesiredCamera[]) => void;

export const followDesiredState = (
  needs: DesiredStateNeeds,
  { before, reconcile }: { before(): Promise<void>; reconcile: Reconcile },
) => {
  const { server, clock, log } = needs;
  const naps = pause();
  const alone = untilFirstWord(needs, reconcile);
  const keep = keeping(needs);
  let stopped = false;
  let awake = true;

  const ask = async (): Promise<void> => {
    const sent = performance.now();
    const state = await server.call("GET", "/api/agents/desired-state", null, DesiredState);
    clock.learn(state.server_time_ms, sent, performance.now());
    if (stopped) return;
    alone.over();
    reconcile(state.cameras);
    await keep(state.cameras);
  };
  const loop = async (): Promise<void> => {
    await before();
    if (!stopped) alone.begin();
    while (!stopped) {
      awake = false;
      // Without the server everything goes on as it was last desired.
      await ask().catch((error: unknown) => {
        log.warn("desired state not known", { error });
        alone.failed(error);
      });
      if (!awake && !stopped) await naps.nap(ASK_EVERY_MS);
    }
  };
  const running = loop();
  return {
    askNow(): void {
      awake = true;
      naps.wakeAll();
    },
    /** Nothing is reconciled from now on. What is asked just now may still wait for its answer: `ended`. */
    stop(): void {
      stopped = true;
      alone.over();
      naps.wakeAll();
    },
    ended: running,
  };
};

/** What was desired last is made so when the server is away or slow, and never when it answers that it does not know us. */
const untilFirstWord = ({ kept, log }: DesiredStateNeeds, reconcile: Reconcile) => {
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;
  const goOn = (): void => {
    clearTimeout(timer);
    if (isOver || kept.atStart === null) return;
    isOver = true;
    log.warn("the server is away: what it desired last goes on", { cameras: kept.atStart.length });
    reconcile(kept.atStart);
  };
  return {
    begin: () => void (timer = setTimeout(goOn, FIRST_WORD_MS)),
    failed(error: unknown): void {
      clearTimeout(timer);
      if (error instanceof AppError && error.code === "unavailable") goOn();
    },
    over(): void {
      clearTimeout(timer);
      isOver = true;
    },
  };
};

/** A full disk does not hold up what is desired; it is said once. */
const keeping = ({ kept, log }: DesiredStateNeeds): ((cameras: readonly DesiredCamera[]) => Promise<void>) => {
  let failing = false;
  return async (cameras) => {
    try {
      await kept.keep(cameras);
      failing = false;
    } catch (error) {
      if (!failing) log.warn("desired state not kept", { error });
      failing = true;
    }
  };
};
