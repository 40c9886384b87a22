/** Who listens to what within this process. */
import type { Listener } from "./cache.ts";

export type Listeners = {
  /** `last`: nobody listens to this channel any more. */
  add(channel: string, listener: Listener): { remove(): { last: boolean } };
  /** `false`: nobody listens. */
  say(channel: string, message: string | null): boolean;
  names(): string[];
  clear(): void;
};

export const openListeners = (): Listeners => {
  const channels = new Map<string, Set<Listener>>();
  const say = (channel: string, message: string | null): boolean => {
    const listeners = channels.get(channel);
    // Who stops meanwhile is passed over: a Set may lose entries while it is walked.
    for (const listener of listeners ?? []) {
      try {
        listener(message);
      } catch (error) {
        // One listener's fault must not cost the others their message.
        process.emitWarning(`A listener of ${channel} threw: ${String(error)}`);
      }
    }
    return listeners !== undefined;
  };
  return {
    add: (channel, listener) => {
      const own: Listener = (message) => listener(message);
      const listeners = channels.get(channel) ?? new Set();
      channels.set(channel, listeners.add(own));
      return {
        remove: () => {
          const last = listeners.delete(own) && listeners.size === 0 && channels.get(channel) === listeners;
          if (last) channels.delete(channel);
          return { last };
        },
      };
    },
    say,
    names: () => [...channels.keys()],
    clear: () => channels.clear(),
  };
};
