/** Listeners over a Redis line of their own, opened with the first of them: functions only ever speak. */
import { pause } from "#lib/pause.ts";
import { openListeners } from "../listeners.ts";
import type { Listener } from "../cache.ts";
import { openLine, type LineOptions, type RedisLine } from "./line.ts";

/** While nothing can be heard, those who listen are to ask for themselves this often. */
const ASK_YOURSELF_MS = 5000;

export type Hearing = {
  subscribe(channel: string, listener: Listener): Promise<{ stop(): Promise<void> }>;
  isDeaf(): boolean;
  close(): Promise<void>;
};

export const openHearing = (url: string, options: Omit<LineOptions, "on_back" | "on_message">): Hearing => {
  const channels = openListeners();
  /** Until then a channel cannot be relied on; the second who listens waits for the first. */
  const subscribed = new Map<string, Promise<unknown>>();
  const naps = pause();
  let opening: Promise<RedisLine> | null = null;
  let line: RedisLine | null = null;
  let ended = false;

  const missed = (): void => {
    for (const name of channels.names()) channels.say(name, null);
  };
  /** Whatever the server still knows: to subscribe again changes nothing. */
  const hearAgain = async (): Promise<void> => {
    const names = channels.names();
    if (ended || names.length === 0 || !line) return;
    if (await line.ask((redis) => redis.subscribe(...names))) missed();
  };
  const remind = async (): Promise<void> => {
    while (!ended) {
      await naps.nap(ASK_YOURSELF_MS);
      if (!ended && line?.isAway()) missed();
    }
  };
  const open = async (): Promise<RedisLine> => {
    const on_message = (channel: string, message: string): void => void channels.say(channel, message);
    line = await openLine(url, { ...options, on_back: () => void hearAgain(), on_message });
    void remind();
    return line;
  };

  return {
    subscribe: async (channel, listener) => {
      const { remove } = channels.add(channel, listener);
      const own = await (opening ??= open());
      if (!subscribed.has(channel))
        subscribed.set(
          channel,
          own.ask((redis) => redis.subscribe(channel)),
        );
      await subscribed.get(channel);
      return {
        stop: async () => {
          if (!remove().last) return;
          subscribed.delete(channel);
          await own.ask((redis) => redis.unsubscribe(channel));
        },
      };
    },
    isDeaf: () => line?.isAway() ?? false,
    close: async () => {
      ended = true;
      naps.wakeAll();
      channels.clear();
      (await opening)?.close();
    },
  };
};
