/** Which cameras this page watches, each on a channel of the one socket; asked for again whenever they have ended. */
import type { LiveEndCause } from "#lib/wire/console.ts";
import { waitOf } from "./connection.ts";
import type { FromMediaHost, ToMediaHost } from "./media-messages.ts";

export type Viewer = {
  onSource(source: MediaSource | MediaSourceHandle): void;
  onFrame(media_seconds: number, captured_at_ms: number): void;
  /** Null: pictures come again. */
  onEnd(cause: LiveEndCause | null): void;
  onFault(fault: "undecodable" | "forbidden" | "player"): void;
};

export type WatchNeeds = {
  liveToken(camera_id: string): Promise<string>;
  isForbidden(error: unknown): boolean;
  isOpen(): boolean;
  send(message: ToMediaHost): void;
  random(): number;
};

type Watch = {
  channel: number;
  camera_id: string;
  viewer: Viewer;
  timer: ReturnType<typeof setTimeout> | null;
  tries: number;
};

export const createWatches = (needs: WatchNeeds) => {
  const watches = new Map<number, Watch>();
  let nextChannel = 1;

  const subscribe = async (watch: Watch): Promise<void> => {
    watch.timer = null;
    // Asked for again when there is a line.
    if (!needs.isOpen()) return;
    try {
      const token = await needs.liveToken(watch.camera_id);
      const { channel } = watch;
      if (watches.has(channel)) needs.send({ type: "say", message: { type: "live_open", channel, token } });
    } catch (error) {
      if (needs.isForbidden(error)) return watch.viewer.onFault("forbidden");
      subscribeLater(watch);
    }
  };
  const subscribeLater = (watch: Watch): void => {
    if (watch.timer || !watches.has(watch.channel)) return;
    watch.timer = setTimeout(() => void subscribe(watch), waitOf(watch.tries++, needs.random));
  };
  return {
    watch(camera_id: string, viewer: Viewer): () => void {
      const channel = nextChannel;
      nextChannel = (nextChannel % 65_535) + 1;
      const watch: Watch = { channel, camera_id, viewer, timer: null, tries: 0 };
      watches.set(channel, watch);
      void subscribe(watch);
      return () => {
        watches.delete(channel);
        if (watch.timer) clearTimeout(watch.timer);
        needs.send({ type: "say", message: { type: "live_close", channel } });
        needs.send({ type: "forget", channel });
      };
    },
    onOpened: () => watches.forEach((watch) => void subscribe(watch)),
    onEnd(channel: number, cause: LiveEndCause | null) {
      const watch = watches.get(channel);
      watch?.viewer.onEnd(cause);
      if (watch && (cause === "token" || cause === "closed")) subscribeLater(watch);
    },
    onMedia(message: Extract<FromMediaHost, { channel: number }>) {
      const watch = watches.get(message.channel);
      if (!watch) return;
      if (message.type === "source") watch.viewer.onSource(message.source);
      else if (message.type === "frame") {
        watch.tries = 0;
        watch.viewer.onFrame(message.media_seconds, message.captured_at_ms);
      } else {
        watch.viewer.onFault(message.fault);
        if (message.fault === "player") subscribeLater(watch);
      }
    },
    stop() {
      for (const { timer } of watches.values()) if (timer) clearTimeout(timer);
    },
  };
};
