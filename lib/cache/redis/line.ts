/**
 * A line to Redis on which nobody waits for long. Whoever asks gets an answer within the deadline or hears that Redis is
 * away; while it is away nobody is kept waiting at all, and a ping finds out when it is back.
 */
import { Redis, type RedisOptions } from "ioredis";
import { pause } from "#lib/pause.ts";

export type LineOptions = {
  /** For `client list`. */
  name: string;
  /** Default 250 ms. */
  deadline_ms?: number;
  on_error(error: unknown): void;
  /** After each later connection and after each silence: what the server knew of this client may be gone. */
  on_back?(): void;
  on_message?(channel: string, message: string): void;
};

export type RedisLine = {
  /** `null`: Redis is away, or did not answer in time; what was asked may still come to pass. */
  ask<T>(work: (redis: Redis) => Promise<T>): Promise<{ answer: T } | null>;
  isAway(): boolean;
  close(): void;
};

const DEADLINE_MS = 250;
const FIRST_MS = 1000;
const CONNECT_MS = 2000;
const PING_EVERY_MS = 1000;
const PING_AWAY_MS = 100;
/** A line that is half open never says so. */
const MISSED_AT_MOST = 4;
const RECONNECT_MS = [20, 50, 100, 200, 500, 1000];
const WORDS_EVERY_MS = 10_000;

const settings = {
  connectTimeout: CONNECT_MS,
  // What cannot be asked now is answered otherwise: nothing waits in this process, and nothing is asked twice.
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  autoResubscribe: false,
  maxRetriesPerRequest: 0,
  retryStrategy: (times: number): number => RECONNECT_MS[Math.min(times, RECONNECT_MS.length) - 1] ?? 0,
  // After a failover the old master takes no writes.
  reconnectOnError: (error: Error): boolean => error.message.startsWith("READONLY"),
  lazyConnect: true,
} satisfies RedisOptions;

/** Resolves when Redis answers, or soon without it. */
export const openLine = async (url: string, options: LineOptions): Promise<RedisLine> => {
  const { deadline_ms = DEADLINE_MS, on_back, on_message } = options;
  const redis = new Redis(url, { ...settings, connectionName: options.name });
  const naps = pause();
  const first = Promise.withResolvers<void>();
  const tell = seldom(options.on_error);
  let away = true;
  let opened = false;
  let ended = false;

  const isBack = (): void => {
    away = false;
    first.resolve();
    if (opened) on_back?.();
  };
  const isGone = (error: unknown): void => {
    away = true;
    naps.wakeAll();
    if (!ended) tell(error);
  };
  const attempt = <T>(work: (redis: Redis) => Promise<T>): Promise<T> => withDeadline(work(redis), deadline_ms);
  const watch = async (): Promise<void> => {
    for (let missed = 0; !ended;) {
      await naps.nap(away ? PING_AWAY_MS : PING_EVERY_MS);
      const answer = await pinged(redis, attempt);
      if (answer === "pong" && away) isBack();
      if (answer instanceof Error && !away) isGone(answer);
      missed = answer instanceof Error ? missed + 1 : 0;
      if (missed < MISSED_AT_MOST) continue;
      missed = 0;
      redis.disconnect(true);
    }
  };

  redis.on("ready", isBack);
  redis.on("error", tell);
  redis.on("close", () => isGone(new Error("The connection to Redis is closed")));
  redis.on("message", (channel: string, message: string) => on_message?.(channel, message));
  redis.connect().catch(tell);
  void watch();
  await naps.within(first.promise, FIRST_MS);
  opened = true;
  const close = (): void => {
    ended = true;
    naps.wakeAll();
    redis.disconnect();
  };
  return { ask: asking(attempt, () => away, isGone, tell), isAway: () => away, close };
};

type Attempt = <T>(work: (redis: Redis) => Promise<T>) => Promise<T>;

const asking =
  (
    attempt: Attempt,
    isAway: () => boolean,
    isGone: (error: unknown) => void,
    tell: (error: unknown) => void,
  ): RedisLine["ask"] =>
  async (work) => {
    if (isAway()) return null;
    try {
      return { answer: await attempt(work) };
    } catch (error) {
      // A command that the server refuses says nothing about the line.
      if (isRefusal(error)) tell(error);
      else isGone(error);
      return null;
    }
  };

/** An error: a line that stands says nothing. */
const pinged = async ({ status }: Redis, attempt: Attempt): Promise<"pong" | "no line" | Error> => {
  if (status !== "ready") return "no line";
  return attempt((redis) => redis.ping()).then(
    () => "pong" as const,
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  );
};

const isRefusal = (error: unknown): boolean => error instanceof Error && error.name === "ReplyError";

const withDeadline = <T>(work: Promise<T>, ms: number): Promise<T> =>
  new Promise((resolve, reject) => {
    const late = (): void => reject(new Error(`Redis did not answer within ${ms} ms`));
    // A process that was held up itself first looks at what has arrived meanwhile.
    const timer = setTimeout(() => setImmediate(late), ms);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });

/** An outage is one word now and then, not one for each that asked. */
const seldom = (say: (error: unknown) => void): ((error: unknown) => void) => {
  let at = -Infinity;
  return (error) => {
    const now = performance.now();
    if (now - at < WORDS_EVERY_MS) return;
    at = now;
    say(error);
  };
};
