/** The page's end of the console's one socket: live pictures, states of cameras, and what has changed. */
import type { CameraState } from "#lib/wire/agent.ts";
import type { Notification, ToConsole } from "#lib/wire/console.ts";
import { createStore, type Store } from "#console/ui/store.ts";
import { createConnection, type ConnectionNeeds, type LinkState } from "./connection.ts";
import { createWatches, type Viewer, type WatchNeeds } from "./watches.ts";

/** `heard_at`: on this page's monotonic clock. */
export type KnownState = CameraState & { heard_at: number };

export type Link = {
  start(): void;
  stop(): void;
  /** Server time now, ms since 1970; null until the first answer. */
  now(): number | null;
  state: Store<LinkState>;
  cameras: Store<ReadonlyMap<string, KnownState>>;
  /** `null`: the socket is new, or something was not said: anything may have happened. */
  onNotification(listener: (notification: Notification | null) => void): () => void;
  watch(camera_id: string, viewer: Viewer): () => void;
};

export type LinkNeeds = ConnectionNeeds & Pick<WatchNeeds, "liveToken" | "isForbidden">;

export const createLink = (needs: LinkNeeds): Link => {
  const cameras = createStore<ReadonlyMap<string, KnownState>>(new Map());
  const listeners = new Set<(notification: Notification | null) => void>();
  const { liveToken, isForbidden, random } = needs;
  const watches = createWatches({
    liveToken,
    isForbidden,
    random,
    isOpen: () => connection.isOpen(),
    send: (message) => connection.send(message),
  });
  const onSaid = (message: ToConsole, at: number): void => {
    if (message.type === "welcome" || message.type === "ask_again") {
      for (const listener of listeners) listener(null);
    } else if (message.type === "camera_states") {
      const known = new Map(cameras.get());
      for (const camera of message.cameras) known.set(camera.camera_id, { ...camera, heard_at: at });
      cameras.set(known);
    } else if (message.type === "notification") {
      for (const listener of listeners) listener(message);
    } else if (message.type === "live_init") watches.onEnd(message.channel, null);
    else if (message.type === "live_end") watches.onEnd(message.channel, message.cause);
  };
  const connection = createConnection(needs, { onOpened: watches.onOpened, onSaid, onMedia: watches.onMedia });
  const { state, now, start } = connection;
  return {
    state,
    cameras,
    now,
    start,
    stop() {
      watches.stop();
      connection.stop();
    },
    onNotification(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    watch: watches.watch,
  };
};
