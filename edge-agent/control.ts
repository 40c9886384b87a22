/** The one control connection: hints and commands in, states out. It is dialled for ever; nothing that matters depends on it. */
import WebSocket from "ws";
import { ToAgent, type FromAgent } from "#lib/wire/agent.ts";
import type { Log } from "#lib/log.ts";
import { backOff } from "./back-off.ts";
import type { Server } from "./server-client.ts";

/** A line that says nothing for this long is dead: the gateway pings every 5 s. */
const SILENT_MS = 15_000;

export type Control = { send(message: FromAgent): void; stop(): void };

export const openControl = (
  server: Pick<Server, "authorization" | "socketUrl">,
  /** `open`: what was said while there was no connection is not said again. */
  on: { open(): void; message(message: ToAgent): void },
  log: Log,
): Control => {
  const retry = backOff({ first_ms: 500, longest_ms: 15_000, breaker_ms: 15_000 });
  let socket: WebSocket | null = null;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  const again = (): void => {
    if (stopped) return;
    timer = setTimeout(() => void dial(), retry.failed());
  };
  const dial = async (): Promise<void> => {
    const authorization = await server.authorization().catch(() => null);
    if (stopped) return;
    if (authorization === null) return again();
    const opened = new WebSocket(server.socketUrl("/agents/control"), {
      headers: { authorization },
      perMessageDeflate: false,
      handshakeTimeout: 5000,
    });
    socket = opened;
    let silence: NodeJS.Timeout | undefined;
    const heard = (): void => {
      clearTimeout(silence);
      silence = setTimeout(() => opened.terminate(), SILENT_MS);
    };
    opened.on("open", () => {
      log.info("control connection open");
      retry.healthy();
      heard();
      on.open();
    });
    opened.on("ping", heard);
    opened.on("message", (data) => {
      heard();
      const message = parse(data);
      if (message) on.message(message);
    });
    opened.on("error", (error) => log.debug("control connection", { error: error.message }));
    opened.on("close", () => {
      clearTimeout(silence);
      if (socket === opened) socket = null;
      again();
    });
  };
  void dial();
  return {
    send(message) {
      if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
      socket?.terminate();
    },
  };
};

const parse = (data: WebSocket.RawData): ToAgent | null => {
  try {
    const read = ToAgent.safeParse(JSON.parse((data as Buffer).toString()));
    return read.success ? read.data : null;
  } catch {
    return null;
  }
};
