import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startFaultProxy, type FaultProxy } from "./fault-proxy.ts";

/** Says back what it hears. */
const server = createServer((socket) => {
  socket.on("error", () => undefined);
  socket.pipe(socket);
});
let proxy: FaultProxy;
beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  proxy = await startFaultProxy({ host: "127.0.0.1", port: (server.address() as AddressInfo).port });
});
afterAll(async () => {
  await proxy.close();
  server.close();
});

const dial = async (): Promise<Socket> => {
  const socket = connect(proxy.port, "127.0.0.1");
  await once(socket, "connect");
  return socket;
};
/** What comes back until so many bytes have come or the line has ended. */
const heard = async (socket: Socket, bytes: number): Promise<string> => {
  let text = "";
  socket.on("error", () => undefined);
  for await (const chunk of socket) {
    text += String(chunk);
    if (text.length >= bytes) break;
  }
  return text;
};
const heardOrCut = (socket: Socket, bytes: number): Promise<string> => heard(socket, bytes).catch(() => "cut");

test("what is said passes, unchanged", async () => {
  const socket = await dial();
  socket.write("hello");
  expect(await heard(socket, 5)).toBe("hello");
});

test("a bit is turned over once, at its place", async () => {
  proxy.flip("to_server", 7);
  const socket = await dial();
  socket.write("01234");
  socket.write("56789 01234567");
  expect(await heard(socket, 19)).toBe("0123456689 01234567");
});

test("a place behind a text is counted in the body that follows it", async () => {
  proxy.flip("to_server", 1, "PUT /b");
  const socket = await dial();
  const words = "PUT /a\r\n\r\nabc PUT /b\r\nx: 1\r\n\r\nabc";
  socket.write(words);
  expect(await heard(socket, words.length)).toBe("PUT /a\r\n\r\nabc PUT /b\r\nx: 1\r\n\r\nacc");
});

test("a line is cut behind so many bytes, and the next is whole", async () => {
  proxy.cut("to_server", 3);
  const first = await dial();
  first.write("hello");
  expect(await heardOrCut(first, 5)).toMatch(/^(cut|hel)$/);
  const second = await dial();
  second.write("hello");
  expect(await heard(second, 5)).toBe("hello");
});
