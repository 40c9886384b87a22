/** The page's one socket: dials for ever, notices a line that says nothing, and keeps the server's clock. */
import type { FromConsole, ToConsole } from "#lib/wire/console.ts";
import { createStore, type Store } from "#console/ui/store.ts";
import { createServerClock, stationSkew, type ServerClock } from "./clock.ts";
import type { FromMediaHost, ToMediaHost } from "./media-messages.ts";

/** `skew_ms`: how far this station's clock is ahead of the server's; null until it is known. */
export type LinkState = { linked: boolean; since: number; skew_ms: number | null };

export type HostOf = (receive: (message: FromMediaHost) => void) => { send(message: ToMediaHost): void; close(): void };

export type ConnectionNeeds = {
  host: HostOf;
  url: string;
  /** Throws what `call` throws. */
  ticket(): Promise<string>;
  /** The server said that the session has ended. */
  onEnded(): void;
  monotonic(): number;
  station(): number;
  random(): number;
};

export type Heard = {
  onOpened(): void;
  onSaid(message: ToConsole, at: number): void;
  onMedia(message: Exclude<FromMediaHost, { type: "opened" | "closed" | "said" }>): void;
};

export type Connection = {
  start(): void;
  stop(): void;
  isOpen(): boolean;
  now(): number | null;
  state: Store<LinkState>;
  send(message: ToMediaHost): void;
};

const CLOCK_MS = 1000;
/** Nothing heard for this long: what is on the screen may be old, and nobody may believe otherwise. */
export const SILENT_MS = 3000;
/** A line that is half open says nothing for ever: a new one is made. */
const HALF_OPEN_MS = 9000;
/** An attempt that has led to nothing is another one's turn. */
const DIAL_MS = 10_000;
/** A tick later than this: the browser held this page back, and what came meanwhile waits to be handed over. */
const LATE_MS = 3 * CLOCK_MS;
/** The station's clock went on without the monotonic one: it has slept, and ages reckoned here are wrong. */
const SLEPT_MS = 2000;
const SESSION_ENDED = 4401;
const WAITS = [500, 1000, 2000, 4000, 8000, 15_000];

/** The n-th wait, with jitter: a thousand stations do not come back in the same second. */
export const waitOf = (tries: number, random: () => number): number =>
  (WAITS[Math.min(tries, WAITS.length - 1)] ?? 0) * (0.7 + 0.6 * random());

type Line = {
  needs: ConnectionNeeds;
  heard: Heard;
  clock: ServerClock;
  state: Store<LinkState>;
  host: ReturnType<HostOf> | null;
  running: boolean;
  open: boolean;
  attempt: number;
  tries: number;
  heardAt: number;
  dialledAt: number | null;
  tickedAt: number;
  offset: number;
  retry: ReturnType<typeof setTimeout> | null;
  ticker: ReturnType<typeof setInterval> | null;
};

export const createConnection = (needs: ConnectionNeeds, heard: Heard): Connection => {
  const { monotonic, station } = needs;
  const state = createStore<LinkState>({ linked: false, since: monotonic(), skew_ms: null });
  const line: Line = {
    needs,
    heard,
    clock: createServerClock(),
    state,
    host: null,
    running: false,
    open: false,
    attempt: 0,
    tries: 0,
    heardAt: 0,
    dialledAt: null,
    tickedAt: 0,
    offset: 0,
    retry: null,
    ticker: null,
  };
  return {
    state,
    isOpen: () => line.open,
    now: () => line.clock.at(monotonic()),
    send: (message) => line.host?.send(message),
    start() {
      if (line.running) return;
      line.running = true;
      line.tickedAt = monotonic();
      line.offset = station() - monotonic();
      renewHost(line);
      line.ticker = setInterval(() => tick(line), CLOCK_MS);
      void dial(line);
    },
    stop() {
      line.running = false;
      line.open = false;
      line.attempt += 1;
      if (line.ticker) clearInterval(line.ticker);
      if (line.retry) clearTimeout(line.retry);
      line.retry = null;
      line.host?.close();
      line.host = null;
    },
  };
};

const renewHost = (line: Line): void => {
  line.host?.close();
  const host = line.needs.host((message) => {
    if (line.host === host) onHost(line, message);
  });
  line.host = host;
};

const dial = async (line: Line): Promise<void> => {
  const { needs } = line;
  const attempt = ++line.attempt;
  line.dialledAt = needs.monotonic();
  try {
    const ticket = await needs.ticket();
    if (line.attempt === attempt)
      line.host?.send({ type: "connect", url: `${needs.url}?ticket=${encodeURIComponent(ticket)}` });
  } catch {
    if (line.attempt === attempt) dialLater(line);
  }
};

const dialLater = (line: Line): void => {
  line.dialledAt = null;
  if (!line.running || line.retry) return;
  line.retry = setTimeout(
    () => {
      line.retry = null;
      void dial(line);
    },
    waitOf(line.tries++, line.needs.random),
  );
};

const setLinked = ({ state, needs }: Line, linked: boolean): void => {
  if (state.get().linked !== linked) state.set({ ...state.get(), linked, since: needs.monotonic() });
};

const tick = (line: Line): void => {
  const { needs } = line;
  const now = needs.monotonic();
  const offset = needs.station() - now;
  const [isLate, hasSlept] = [now - line.tickedAt > LATE_MS, Math.abs(offset - line.offset) > SLEPT_MS];
  line.tickedAt = now;
  line.offset = offset;
  if (!line.open) {
    if (line.dialledAt !== null && now - line.dialledAt > DIAL_MS) onClosed(line, 0);
    return;
  }
  if (hasSlept) setLinked(line, false);
  line.host?.send({ type: "say", message: { type: "clock", sent_at: now } satisfies FromConsole });
  if (isLate || hasSlept) return;
  const silent = now - line.heardAt;
  if (silent > SILENT_MS) setLinked(line, false);
  if (silent > HALF_OPEN_MS) onClosed(line, 0);
};

/** `code` 0: no word from the other end, so that the host that held the line is not trusted with the next one. */
const onClosed = (line: Line, code: number): void => {
  line.open = false;
  line.attempt += 1;
  setLinked(line, false);
  if (code === 0) renewHost(line);
  if (code === SESSION_ENDED) line.needs.onEnded();
  dialLater(line);
};

const onHost = (line: Line, message: FromMediaHost): void => {
  if (message.type === "opened") {
    line.open = true;
    line.dialledAt = null;
    line.heardAt = line.needs.monotonic();
    line.tickedAt = line.heardAt;
    tick(line);
    line.heard.onOpened();
  } else if (message.type === "closed") onClosed(line, message.code);
  else if (message.type === "said") onSaid(line, message.message);
  else line.heard.onMedia(message);
};

const onSaid = (line: Line, message: ToConsole): void => {
  const { needs, clock, state } = line;
  line.heardAt = needs.monotonic();
  if (message.type !== "clock") return line.heard.onSaid(message, line.heardAt);
  clock.add({ sent: message.sent_at, received: line.heardAt, server: message.server_time_ms });
  const server = clock.at(line.heardAt);
  if (server !== null) {
    const skew_ms = Math.round(stationSkew(server, needs.station()) / 500) * 500;
    if (skew_ms !== state.get().skew_ms) state.set({ ...state.get(), skew_ms });
  }
  line.tries = 0;
  setLinked(line, true);
};
