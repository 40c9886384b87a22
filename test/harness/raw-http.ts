/** Bytes to a server as no proper client would send them, and what comes back until the line is closed. */
import { connect, type Socket } from "node:net";
import { once } from "node:events";

export type RawAnswer = { status: number; headers: Record<string, string>; body: string };

export const openRaw = async (port: number): Promise<Socket> => {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  return socket;
};

/** Everything that arrives until the other side ends; a reset counts as an end. */
export const untilClosed = async (socket: Socket): Promise<string> => {
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  socket.on("error", () => undefined);
  // Not `once` of node:events: it would reject at the reset.
  if (!socket.closed) await new Promise<void>((resolve) => socket.once("close", () => resolve()));
  return Buffer.concat(chunks).toString();
};

/** Sends `text` as it is, asks for no second request on the line. */
export const sendRaw = async (port: number, text: string | Uint8Array): Promise<RawAnswer> => {
  const socket = await openRaw(port);
  const answered = untilClosed(socket);
  socket.write(text);
  return parseRaw(await answered);
};

export const parseRaw = (text: string): RawAnswer => {
  const [head = "", ...body] = text.split("\r\n\r\n");
  const [first = "", ...lines] = head.split("\r\n");
  const headers = lines.map((line) => [line.split(":")[0]?.toLowerCase() ?? "", line.slice(line.indexOf(":") + 2)]);
  return { status: Number(first.split(" ")[1]), headers: Object.fromEntries(headers), body: body.join("\r\n\r\n") };
};
