/** A line with faults: a loopback TCP proxy that delays, narrows, freezes, swallows and cuts. */
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { chanceFrom } from "./seeded.ts";

export type Direction = "to_server" | "to_client";

export type FaultProxy = {
  port: number;
  /** The same address, over this line. */
  through(url: string): string;
  /** Half-open: nothing passes, nothing is closed, and who connects anew hears nothing. */
  freeze(): void;
  /** What was held back goes on. */
  thaw(): void;
  /** Bytes of this direction are taken and lost. */
  swallow(direction: Direction): void;
  /** Each chunk of both directions comes so much later, and up to so much more; never before an earlier one. */
  delay(ms: number, jitter_ms?: number): void;
  /** So much passes in each direction of each line. */
  narrow(bytes_per_second: number): void;
  /** All lines of now end with a reset. */
  reset(): void;
  /** One line is cut, once, when so many bytes of this direction have passed; `behind`: of the body of the first request that has this text. */
  cut(direction: Direction, bytes: number, behind?: string): void;
  /** One bit of the byte at this place is turned over, once; counted in the same way. */
  flip(direction: Direction, bytes: number, behind?: string): void;
  /** Cuts and turned bits that did not come to pass. */
  forget(): void;
  /** Who connects is reset at once, until told otherwise. */
  refuse(isRefusing: boolean): void;
  /** As on the first day. Lines whose bytes were swallowed end with a reset: no network goes on behind a hole. */
  heal(): void;
  /** How many lines there are now. */
  connections(): number;
  close(): Promise<void>;
};

type Line = { client: Socket; server: Socket; hasHole: boolean };
type Pace = { latency: number; jitter: number; bytes_per_second: number };
type Waiting = { due: number; bytes: number; go: () => void };
type Mark = {
  kind: "cut" | "flip";
  direction: Direction;
  left: number;
  behind: string | null;
  seen: string;
  /** Counted on one line, once it is known which. */
  on: Socket | null;
};

const END_OF_HEAD = "\r\n\r\n";
/** As much of a request's head as may come before its body. */
const HEAD_BYTES = 8192;

/** Where in this chunk the place of the mark is; `null`: not yet. */
const placeIn = (mark: Mark, chunk: Buffer): number | null => {
  let from = 0;
  if (mark.behind !== null) {
    const before = mark.seen.length;
    mark.seen += chunk.toString("latin1");
    const text = mark.seen.indexOf(mark.behind);
    const body = text < 0 ? -1 : mark.seen.indexOf(END_OF_HEAD, text);
    if (body < 0) {
      mark.seen = mark.seen.slice(-HEAD_BYTES);
      return null;
    }
    from = Math.max(0, body + END_OF_HEAD.length - before);
    mark.behind = null;
  }
  const rest = chunk.length - from;
  if (mark.kind === "cut" ? mark.left <= rest : mark.left < rest) return from + mark.left;
  mark.left -= rest;
  return null;
};

/** More than this is not taken from a sender while it waits: it is to feel a narrow line. */
const MOST_WAITING = 64 * 1024;

/** What goes on in its order, each when its time has come. */
const lane = (from: Socket, pace: Pace, isHeld: () => boolean) => {
  const waiting: Waiting[] = [];
  const chance = chanceFrom("jitter");
  let timer: NodeJS.Timeout | null = null;
  let bytes = 0;
  let freeAt = 0;
  const onTime = (): void => {
    timer = null;
    while (!isHeld() && waiting.length > 0 && waiting[0]!.due <= performance.now()) {
      const next = waiting.shift()!;
      bytes -= next.bytes;
      next.go();
    }
    if (isHeld()) return;
    if (bytes < MOST_WAITING) from.resume();
    const [next] = waiting;
    if (next) timer = setTimeout(onTime, Math.max(1, next.due - performance.now()));
  };
  return {
    push: (length: number, go: () => void): void => {
      const { latency, jitter, bytes_per_second } = pace;
      if (waiting.length === 0 && latency === 0 && bytes_per_second === Infinity && !isHeld()) return go();
      const now = performance.now();
      freeAt = Math.max(freeAt, now) + (length / bytes_per_second) * 1000;
      const later = latency + (jitter > 0 ? chance.below(jitter + 1) : 0);
      waiting.push({ due: freeAt + later, bytes: length, go });
      bytes += length;
      if (bytes >= MOST_WAITING) from.pause();
      timer ??= setTimeout(onTime, 0);
    },
    goOn: (): void => void (timer ??= setTimeout(onTime, 0)),
    clear: (): void => {
      if (timer) clearTimeout(timer);
      waiting.length = 0;
    },
  };
};

/** While its end is passing a socket cannot be reset: Node would forget it with its line open, and never exit. */
const cutOff = (socket: Socket): void => {
  const isEnding = socket.writableEnded && socket.writableLength === 0 && !socket.writableFinished;
  if (isEnding) socket.once("finish", () => socket.resetAndDestroy());
  else socket.resetAndDestroy();
};

export const startFaultProxy = async (target: { host: string; port: number }): Promise<FaultProxy> => {
  const lines = new Map<Line, ReturnType<typeof lane>[]>();
  const swallowed = new Set<Direction>();
  const marks = new Set<Mark>();
  const pace: Pace = { latency: 0, jitter: 0, bytes_per_second: Infinity };
  let frozen = false;
  let refusing = false;

  /** Answers what goes on, and whether the line ends behind it. */
  const marked = (direction: Direction, from: Socket, chunk: Buffer): { chunk: Buffer; isCut: boolean } => {
    for (const mark of marks) {
      if (mark.direction !== direction || (mark.on ?? from) !== from) continue;
      const at = placeIn(mark, chunk);
      if (mark.behind === null) mark.on = from;
      if (at === null) continue;
      marks.delete(mark);
      if (mark.kind === "cut") return { chunk: chunk.subarray(0, at), isCut: true };
      chunk = Buffer.from(chunk);
      chunk[at] = (chunk[at] ?? 0) ^ 1;
    }
    return { chunk, isCut: false };
  };

  const pass = (direction: Direction, line: Line): ReturnType<typeof lane> => {
    const [from, to] = direction === "to_server" ? [line.client, line.server] : [line.server, line.client];
    const queue = lane(from, pace, () => frozen);
    const onData = (whole: Buffer): void => {
      if (swallowed.has(direction)) return void (line.hasHole = true);
      const { chunk, isCut } = marked(direction, from, whole);
      if (!isCut) return queue.push(chunk.length, () => void to.write(chunk));
      // What comes behind the cut goes nowhere.
      from.off("data", onData);
      queue.push(chunk.length, () => void to.write(chunk, () => reset(line)));
    };
    from.on("data", onData);
    from.on("end", () => queue.push(0, () => void to.end()));
    // The other end hears of a cut as a cut.
    from.on("error", () => queue.push(0, () => cutOff(to)));
    from.on("close", () => queue.push(0, () => void to.end()));
    to.on("close", queue.clear);
    return queue;
  };
  const server = createServer({ allowHalfOpen: true }, (client) => {
    client.on("error", () => undefined);
    if (refusing) return cutOff(client);
    const line: Line = { client, server: connect({ ...target, allowHalfOpen: true }), hasHole: false };
    for (const socket of [client, line.server]) socket.setNoDelay(true);
    lines.set(line, [pass("to_server", line), pass("to_client", line)]);
    client.on("close", () => lines.delete(line));
  });
  const reset = (line: Line): void => {
    cutOff(line.client);
    cutOff(line.server);
    lines.delete(line);
  };
  const resetAll = (): void => [...lines.keys()].forEach(reset);
  const thaw = (): void => {
    frozen = false;
    for (const queues of lines.values()) for (const queue of queues) queue.goOn();
  };
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;

  return {
    port,
    through: (url) => {
      const changed = new URL(url);
      changed.host = `127.0.0.1:${port}`;
      return changed.href;
    },
    freeze: () => void (frozen = true),
    thaw,
    swallow: (direction) => void swallowed.add(direction),
    delay: (latency, jitter = 0) => void Object.assign(pace, { latency, jitter }),
    narrow: (bytes_per_second) => void (pace.bytes_per_second = bytes_per_second),
    reset: resetAll,
    cut: (direction, left, behind) =>
      void marks.add({ kind: "cut", direction, left, behind: behind ?? null, seen: "", on: null }),
    flip: (direction, left, behind) =>
      void marks.add({ kind: "flip", direction, left, behind: behind ?? null, seen: "", on: null }),
    forget: () => marks.clear(),
    refuse: (isRefusing) => void (refusing = isRefusing),
    heal: () => {
      swallowed.clear();
      marks.clear();
      Object.assign(pace, { latency: 0, jitter: 0, bytes_per_second: Infinity });
      refusing = false;
      for (const line of lines.keys()) if (line.hasHole) reset(line);
      thaw();
    },
    connections: () => lines.size,
    close: async () => {
      resetAll();
      server.close();
      await once(server, "close");
    },
  };
};
