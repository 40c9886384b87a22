/** The little that all sockets share: JSON out, parsed JSON in, and noticing a peer that is gone. */
import type { WebSocket } from "ws";
import type * as z from "zod";

export const sendJson = (socket: WebSocket, message: unknown): void => {
  if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(message));
};

/** `null` for what is no JSON or not of this schema: the peer is not trusted, and one bad message is not a reason to fall. */
export const parseText = <T extends z.ZodType>(schema: T, data: unknown): z.output<T> | null => {
  try {
    const parsed = schema.safeParse(JSON.parse(String(data)));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
};

/** Ends a socket whose peer has not answered a ping for two intervals. Half-open lines look alive for ever otherwise. */
export const keepAlive = (socket: WebSocket, every_ms = 5000): void => {
  let heard = true;
  socket.on("pong", () => {
    heard = true;
  });
  const timer = setInterval(() => {
    if (!heard) return socket.terminate();
    heard = false;
    socket.ping();
  }, every_ms);
  socket.on("close", () => clearInterval(timer));
};
