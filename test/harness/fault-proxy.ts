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
  /** Who connects is reset at once, until told otherwise. */
  refuse(isRefusing: boolean): void;
  close(): Promise<void>;
};

type Line = { client: Socket; server: Socket };

export const startFaultProxy = async (target: { host: string; port: number }): Promise<FaultProxy> => {
  const lines = new Set<Line>();
  const swallowed = new Set<Direction>();
  const timers = new Set<NodeJS.Timeout>();
  let frozen = false;
  let refusing = false;
  let latency = 0;

  const pass = (direction: Direction, from: Socket, to: Socket): void => {
    from.on("data", (chunk: Buffer) => {
      if (swallowed.has(direction)) return;
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
    refuse: (isRefusing) => void (refusing = isRefusing),
    close: async () => {
      for (const timer of timers) clearTimeout(timer);
      reset();
      server.close();
      await once(server, "close");
    },
  };
};
