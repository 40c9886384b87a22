/**
 * A line to RabbitMQ and channels on it that come back. amqplib brings back the connection only: a channel that the server
 * closes (an unknown delivery tag, a consumer that took too long) stays closed while the connection stays up, and its
 * consumer is silent for ever.
 */
import type { Duplex } from "node:stream";
import { connect, type Channel, type ChannelModel, type ConfirmChannel, type RecoveringChannelModel } from "amqplib";
import { AppError } from "#lib/errors.ts";
import { pause } from "#lib/pause.ts";

const HEARTBEAT_SECONDS = 15;
const CONNECT_TIMEOUT_MS = 10_000;
const RECONNECT = { initialDelay: 100, maxDelay: 2000, factor: 2, jitter: 0.2 };
const CHANNEL_BACK_OFF_MS = [50, 100, 200, 500, 1000, 2000];
/** A channel that lived so long was well; one that did not is opened again ever more slowly. */
const WELL_AFTER_MS = 10_000;
const CLOSE_MS = 2000;

export type Kept<C extends Channel> = {
  /** `null` while there is none. */
  now(): C | null;
  /** As soon as there is one; `null`: not within this time. */
  within(ms: number): Promise<C | null>;
  /** Gives this one up; another follows. */
  renew(): void;
  end(): Promise<void>;
};

export type Link = {
  /** Set while the server takes nothing from this connection (memory or disk): why. */
  blocked(): string | null;
  onBlocked(heard: (reason: string) => void): void;
  /** `prepare` runs on each new channel before it is handed out. */
  keepChannel(prepare: (channel: Channel) => Promise<void>): Kept<Channel>;
  keepConfirmChannel(prepare: (channel: ConfirmChannel) => Promise<void>): Kept<ConfirmChannel>;
  /** A channel for once, which its user closes. Throws `unavailable` where there is none in this time; without it, it waits. */
  channel(within_ms?: number): Promise<Channel>;
  close(): Promise<void>;
};

export const openLink = async (url: string, name: string, onError: (error: unknown) => void): Promise<Link> => {
  const address = new URL(url);
  if (!address.searchParams.has("heartbeat")) address.searchParams.set("heartbeat", String(HEARTBEAT_SECONDS));
  const model = await connect(address.href, {
    noDelay: true,
    timeout: CONNECT_TIMEOUT_MS,
    clientProperties: { connection_name: name },
    recovery: { ...RECONNECT, waitForConnect: false },
  });
  let line: ChannelModel | null = null;
  let blocked: string | null = null;
  let isTold = false;
  const heardBlocked: ((reason: string) => void)[] = [];
  // One word per outage: the attempts in between say the same.
  const tell = (error: unknown): void => {
    if (!isTold) onError(error);
    isTold = true;
  };
  model.on("connect", (connected) => {
    line = connected;
    isTold = false;
  });
  model.on("disconnect", (error) => {
    blocked = null;
    tell(error);
  });
  model.on("connect-failed", tell);
  model.on("error", tell);
  model.on("handler-error", onError);
  model.on("blocked", (reason) => {
    blocked = reason;
    for (const heard of heardBlocked) heard(reason);
  });
  model.on("unblocked", () => void (blocked = null));

  const kept = new Set<Kept<Channel>>();
  const keep = <C extends Channel>(open: () => Promise<C>, prepare: (channel: C) => Promise<void>): Kept<C> => {
    const one = keepChannel(open, prepare, onError);
    kept.add(one);
    return { ...one, end: () => one.end().finally(() => kept.delete(one)) };
  };
  return {
    blocked: () => blocked,
    onBlocked: (heard) => void heardBlocked.push(heard),
    keepChannel: (prepare) => keep(() => model.createChannel(), prepare),
    keepConfirmChannel: (prepare) => keep(() => model.createConfirmChannel(), prepare),
    channel: async (within_ms) => {
      const opening = model.createChannel().then((channel) => channel.on("error", () => undefined));
      if (within_ms === undefined || (await pause().within(opening, within_ms))) return opening;
      // Whoever waited has gone.
      void opening.then(closeChannel, () => undefined);
      throw new AppError("unavailable", "The broker cannot be reached", {
        reason: "broker.unreachable",
        retry_after_seconds: 1,
      });
    },
    close: async () => {
      const ends = [...kept].map((one) => one.end());
      await closeLine(model, () => line);
      await Promise.all(ends);
    },
  };
};

/** A server that hears nothing answers no farewell. */
const closeLine = async (model: RecoveringChannelModel, lineOf: () => ChannelModel | null): Promise<void> => {
  const naps = pause();
  const isClosed = await naps.within(
    model.close().catch(() => undefined),
    CLOSE_MS,
  );
  if (isClosed) return;
  const { stream } = (lineOf()?.connection ?? {}) as { stream?: Duplex };
  stream?.destroy(new Error("The broker did not answer the farewell"));
};

const keepChannel = <C extends Channel>(
  open: () => Promise<C>,
  prepare: (channel: C) => Promise<void>,
  onError: (error: unknown) => void,
): Kept<C> => {
  const naps = pause();
  let current: C | null = null;
  let isEnding = false;
  let isOpening = false;
  let giveUp = (): void => undefined;
  let arrived = Promise.withResolvers<C>();

  const live = async (): Promise<void> => {
    isOpening = true;
    const channel = await open().finally(() => void (isOpening = false));
    const closed = new Promise<void>((resolve) => {
      channel.once("close", resolve);
      giveUp = resolve;
    });
    // Unheard it would end the process.
    channel.on("error", onError);
    channel.on("handler-error", onError);
    try {
      if (isEnding) return;
      await prepare(channel);
      current = channel;
      arrived.resolve(channel);
      await closed;
    } finally {
      if (current) arrived = Promise.withResolvers<C>();
      current = null;
      await closeChannel(channel);
    }
  };
  const run = async (): Promise<void> => {
    for (let failures = 0; !isEnding;) {
      const begin = performance.now();
      await live().catch((error: unknown) => {
        // Of a line that ended while its channel was made, the line has told.
        const isTold = error instanceof Error && error.name === "IllegalOperationError";
        if (!isEnding && !isTold && failures === 0) onError(error);
      });
      failures = performance.now() - begin > WELL_AFTER_MS ? 0 : failures + 1;
      const wait = CHANNEL_BACK_OFF_MS[Math.min(failures, CHANNEL_BACK_OFF_MS.length) - 1] ?? 0;
      if (!isEnding) await naps.nap(wait);
    }
  };
  const running = run();

  return {
    now: () => current,
    within: async (ms) => {
      const wanted = arrived.promise;
      return (await naps.within(wanted, ms)) ? wanted : null;
    },
    renew: () => giveUp(),
    end: async () => {
      isEnding = true;
      naps.wakeAll();
      giveUp();
      // Where the line is down it waits for the line, and both end together.
      if (!isOpening) await running;
    },
  };
};

/** Closed already, or closing for ever on a line that has gone silent: both are as good as closed. */
const closeChannel = async (channel: Channel): Promise<void> => {
  await pause().within(
    Promise.resolve()
      .then(() => channel.close())
      .catch(() => undefined),
    CLOSE_MS,
  );
};
