/** The page's end of the console's one socket: connects for ever, keeps the server's clock, hands out what comes. */
import type { ToConsole, LiveEndCause, Notification } from "#lib/wire/console.ts";
import type { CameraState } from "#lib/wire/agent.ts";
import { createServerClock } from "./clock.ts";
import type { FromMediaHost, ToMediaHost } from "./media-messages.ts";
import { createStore, type Store } from "#console/ui/store.ts";

export type Viewer = {
  onSource(source: MediaSource | MediaSourceHandle): void;
  onFrame(media_seconds: number, captured_at_ms: number): void;
  onEnd(cause: LiveEndCause | null): void;
  onFault(fault: "undecodable" | "forbidden" | "player"): void;
};

export type KnownState = CameraState & { heard_at: number };
export type LinkState = { linked: boolean; since: number; skew_ms: number | null };

export type Link = {
  start(): void;
  stop(): void;
  /** Server time now, ms since 1970; null until the first answer. */
  now(): number | null;
  state: Store<LinkState>;
  cameras: Store<ReadonlyMap<string, KnownState>>;
  onNotification(listener: (notification: Notification | null) => void): () => void;
  watch(camera_id: string, viewer: Viewer): () => void;
};

export type LinkNeeds = {
  host(receive: (message: FromMediaHost) => void): { send(message: ToMediaHost): void; close(): void };
  url: string;
  /** Throws what `call` throws. */
  ticket(): Promise<string>;
  liveToken(camera_id: string): Promise<string>;
  /** The server said that the session has ended. */
  onEnded(): void;
  isForbidden(error: unknown): boolean;
  monotonic(): number;
  station(): number;
  random(): number;
};

const CLOCK_MS = 1000;
const SILENT_MS = 3000;
const SESSION_ENDED = 4401;
const WAITS = [500, 1000, 2000, 4000, 8000, 15_000];

type Watch = { channel: number; camera_id: string; viewer: Viewer; timer: ReturnType<typeof setTimeout> | null; tries: number };

export const createLink = (needs: LinkNeeds): Link => {
  const { monotonic } = needs;
  const clock = createServerClock();
  const state = createStore<LinkState>({ linked: false, since: monotonic(), skew_ms: null });
  const cameras = createStore<ReadonlyMap<string, KnownState>>(new Map());
  const listeners = new Set<(notification: Notification | null) => void>();
  const watches = new Map<number, Watch>();
  let open = false;
  let running = false;
  let heard = 0;
  let tries = 0;
  let nextChannel = 1;
  let retry: ReturnType<typeof setTimeout> | null = null;
  let ticker: ReturnType<typeof setInterval> | null = null;
  let host: ReturnType<LinkNeeds["host"]> | null = null;

  const setLinked = (linked: boolean): void => {
    if (state.get().linked !== linked) state.set({ ...state.get(), linked, since: monotonic() });
  };
  const again = (): void => {
    if (!running || retry) return;
    const wait = (WAITS[Math.min(tries++, WAITS.length - 1)] ?? 0) * (0.7 + 0.6 * needs.random());
    retry = setTimeout(() => {
      retry = null;
      void connect();
    }, wait);
  };
  const connect = async (): Promise<void> => {
    try {
      const ticket = await needs.ticket();
      if (running) host?.send({ type: "connect", url: `${needs.url}?ticket=${encodeURIComponent(ticket)}` });
    } catch {
      again();
    }
  };
  const subscribe = async (watch: Watch): Promise<void> => {
    watch.timer = null;
    if (!open) return;
    try {
      const token = await needs.liveToken(watch.camera_id);
      if (watches.has(watch.channel)) host?.send({ type: "say", message: { type: "live_open", channel: watch.channel, token } });
    } catch (error) {
      if (needs.isForbidden(error)) return watch.viewer.onFault("forbidden");
      subscribeLater(watch);
    }
  };
  const subscribeLater = (watch: Watch): void => {
    if (watch.timer || !watches.has(watch.channel)) return;
    const wait = WAITS[Math.min(watch.tries++, WAITS.length - 1)] ?? 0;
    watch.timer = setTimeout(() => void subscribe(watch), wait);
  };
  const tick = (): void => {
    if (!open) return;
    host?.send({ type: "say", message: { type: "clock", sent_at: monotonic() } });
    if (monotonic() - heard <= SILENT_MS) return;
    setLinked(false);
    // A line that is half open says nothing for ever: a new one is made.
    if (monotonic() - heard > 3 * SILENT_MS) onClosed(0);
  };
  const onClosed = (code: number): void => {
    open = false;
    host?.send({ type: "disconnect" });
    setLinked(false);
    if (code === SESSION_ENDED) return needs.onEnded();
    again();
  };
  const onSaid = (message: ToConsole): void => {
    heard = monotonic();
    if (message.type === "clock") {
      clock.add({ sent: message.sent_at, received: heard, server: message.server_time_ms });
      const server = clock.at(monotonic());
      if (server !== null) {
        const skew_ms = Math.round((needs.station() - server) / 500) * 500;
        if (skew_ms !== state.get().skew_ms) state.set({ ...state.get(), skew_ms });
      }
      tries = 0;
      setLinked(true);
    } else if (message.type === "camera_states") {
      const known = new Map(cameras.get());
      for (const camera of message.cameras) known.set(camera.camera_id, { ...camera, heard_at: heard });
      cameras.set(known);
    } else if (message.type === "notification") {
      for (const listener of listeners) listener(message);
    } else if (message.type === "live_init") {
      watches.get(message.channel)?.viewer.onEnd(null);
    } else if (message.type === "live_end") onEnd(message.channel, message.cause);
  };
  const onEnd = (channel: number, cause: LiveEndCause): void => {
    const watch = watches.get(channel);
    if (!watch) return;
    watch.viewer.onEnd(cause);
    if (cause === "token" || cause === "closed") subscribeLater(watch);
  };
  const onOpened = (): void => {
    open = true;
    heard = monotonic();
    tick();
    for (const watch of watches.values()) void subscribe(watch);
    // What was said while nobody listened is asked for again.
    for (const listener of listeners) listener(null);
  };
  const onHost = (message: FromMediaHost): void => {
    if (message.type === "opened") return onOpened();
    if (message.type === "closed") return onClosed(message.code);
    if (message.type === "said") return onSaid(message.message);
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
  };

  return {
    state,
    cameras,
    now: () => clock.at(monotonic()),
    start() {
      if (running) return;
      running = true;
      host = needs.host(onHost);
      ticker = setInterval(tick, CLOCK_MS);
      void connect();
    },
    stop() {
      running = false;
      open = false;
      if (ticker) clearInterval(ticker);
      if (retry) clearTimeout(retry);
      retry = null;
      for (const watch of watches.values()) if (watch.timer) clearTimeout(watch.timer);
      host?.close();
      host = null;
    },
    onNotification(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    watch(camera_id, viewer) {
      const channel = nextChannel;
      nextChannel = (nextChannel % 65_535) + 1;
      const watch: Watch = { channel, camera_id, viewer, timer: null, tries: 0 };
      watches.set(channel, watch);
      if (open) void subscribe(watch);
      return () => {
        watches.delete(channel);
        if (watch.timer) clearTimeout(watch.timer);
        host?.send({ type: "say", message: { type: "live_close", channel } });
        host?.send({ type: "forget", channel });
      };
    },
  };
};
