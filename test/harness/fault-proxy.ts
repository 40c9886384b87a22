/** A line with faults: a loopback TCP proxy that delays, freezes, swallows and cuts. */
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

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
  /** Each chunk of both directions comes so much later. */
  delay(ms: number): void;
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
  close(): Promise<void>;
};

type Line = { client: Socket; server: Socket };
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

export const startFaultProxy = async (target: { host: string; port: number }): Promise<FaultProxy> => {
  const lines = new Set<Line>();
  const swallowed = new Set<Direction>();
  const timers = new Set<NodeJS.Timeout>();
  let frozen = false;
  let refusing = false;
  let latency = 0;
  const marks = new Set<Mark>();

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

  const pass = (direction: Direction, from: Socket, to: Socket): void => {
    from.on("data", (whole: Buffer) => {
      if (swallowed.has(direction)) return;
      const { chunk, isCut } = marked(direction, from, whole);
      if (isCut) {
        from.pause();
        return void to.write(chunk, () => {
          from.resetAndDestroy();
          to.resetAndDestroy();
        });
      }
      if (latency === 0) return void to.write(chunk);
      const timer = setTimeout(() => {
        timers.delete(timer);
        to.write(chunk);
      }, latency);
      timers.add(timer);
    });
    from.on("end", () => void to.end());
    // The other end hears of a cut as a cut.
    from.on("error", () => to.resetAndDestroy());
    from.on("close", () => void to.end());
  };
  const server = createServer({ allowHalfOpen: true }, (client) => {
    client.on("error", () => undefined);
    if (refusing) return client.resetAndDestroy();
    const line = { client, server: connect({ ...target, allowHalfOpen: true }) };
    lines.add(line);
    for (const socket of [client, line.server]) socket.setNoDelay(true);
    pass("to_server", client, line.server);
    pass("to_client", line.server, client);
    client.on("close", () => lines.delete(line));
    if (frozen) hold(line);
  });
  const hold = ({ client, server: upstream }: Line): void => {
    client.pause();
    upstream.pause();
  };
  const reset = (): void => {
    for (const { client, server: upstream } of lines) {
      client.resetAndDestroy();
      upstream.resetAndDestroy();
    }
    lines.clear();
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
    freeze: () => {
      frozen = true;
      for (const line of lines) hold(line);
    },
    thaw: () => {
      frozen = false;
      for (const { client, server: upstream } of lines) {
        client.resume();
        upstream.resume();
      }
    },
    swallow: (direction) => void swallowed.add(direction),
    delay: (ms) => void (latency = ms),
    reset,
    cut: (direction, left, behind) =>
      void marks.add({ kind: "cut", direction, left, behind: behind ?? null, seen: "", on: null }),
    flip: (direction, left, behind) =>
      void marks.add({ kind: "flip", direction, left, behind: behind ?? null, seen: "", on: null }),
    forget: () => marks.clear(),
    refuse: (isRefusing) => void (refusing = isRefusing),
    close: async () => {
      for (const timer of timers) clearTimeout(timer);
      reset();
      server.close();
      await once(server, "close");
    },
  };
};
