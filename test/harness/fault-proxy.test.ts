import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
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

afterEach(() => {
  proxy.heal();
  proxy.reset();
});

const dial = async (): Promise<Socket> => {
  const socket = connect(proxy.port, "127.0.0.1");
  socket.on("error", () => undefined);
  await once(socket, "connect");
  return socket;
};
/** A reset is an end too. */
const ended = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    if (socket.closed) return resolve();
    socket.once("close", () => resolve());
  });
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

test("through a narrow line so much passes in its time, and nothing is lost", async () => {
  proxy.narrow(400_000);
  const socket = await dial();
  const sent = "0123456789".repeat(8000);
  const begin = performance.now();
  socket.write(sent);
  expect(await heard(socket, sent.length)).toBe(sent);
  expect(performance.now() - begin).toBeGreaterThanOrEqual(200);
});

/** What was heard until now, without waiting for more. */
const listen = (socket: Socket): { text(): string; wasReset(): boolean } => {
  let text = "";
  let code: string | undefined;
  socket.on("data", (chunk: Buffer) => (text += String(chunk)));
  socket.on("error", (error: NodeJS.ErrnoException) => (code = error.code));
  return { text: () => text, wasReset: () => code === "ECONNRESET" };
};
/** A whole exchange past the proxy's faults: what would have passed has passed by then. */
const meanwhile = async (): Promise<void> => {
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  for (let turn = 0; turn < 5; turn += 1) {
    socket.write("x");
    await once(socket, "data");
  }
  socket.destroy();
};

test("what is delayed comes whole and in its order, whatever the jitter, and no earlier", async () => {
  const socket = await dial();
  proxy.delay(100, 60);
  const begin = performance.now();
  let words = "";
  for (let number = 0; number < 12; number += 1) {
    words += `${number},`;
    socket.write(`${number},`);
    await meanwhile();
  }
  // What is not delayed any more does not overtake.
  proxy.delay(0);
  socket.write("end");
  expect(await heard(socket, words.length + 3)).toBe(`${words}end`);
  expect(performance.now() - begin).toBeGreaterThanOrEqual(100);
});

test("half-open: old lines and new ones say nothing and end not; what was said is heard once it is over", async () => {
  const old = await dial();
  proxy.freeze();
  const young = await dial();
  const ears = [listen(old), listen(young)];
  old.write("old");
  young.write("young");
  await meanwhile();
  expect(ears.map((ear) => ear.text())).toEqual(["", ""]);
  expect(proxy.connections()).toBe(2);
  expect([old, young].map(({ readyState }) => readyState)).toEqual(["open", "open"]);
  proxy.thaw();
  while (ears[0]!.text() !== "old" || ears[1]!.text() !== "young") await meanwhile();
});

test("a swallowed direction is silent while the other passes; healed, such a line ends and the next is whole", async () => {
  const heardThere: string[] = [];
  server.once("connection", (socket: Socket) => socket.on("data", (chunk: Buffer) => heardThere.push(String(chunk))));
  const deaf = await dial();
  const ear = listen(deaf);
  proxy.swallow("to_client");
  deaf.write("into the void");
  while (heardThere.join("") !== "into the void") await meanwhile();
  await meanwhile();
  expect(ear.text()).toBe("");
  proxy.heal();
  await ended(deaf);
  expect(ear.wasReset()).toBe(true);
  const next = await dial();
  next.write("hello");
  expect(await heard(next, 5)).toBe("hello");
});

test("a reset ends every line of now, and no later one", async () => {
  const sockets = [await dial(), await dial()];
  const ears = sockets.map(listen);
  while (proxy.connections() < 2) await meanwhile();
  proxy.reset();
  await Promise.all(sockets.map(ended));
  expect(ears.map((ear) => ear.wasReset())).toEqual([true, true]);
  expect(proxy.connections()).toBe(0);
  const next = await dial();
  next.write("hello");
  expect(await heard(next, 5)).toBe("hello");
});

test("a line that is reset at the instant at which its end passes is not left open", async () => {
  const talker = createServer({ allowHalfOpen: true });
  talker.listen(0, "127.0.0.1");
  await once(talker, "listening");
  const line = await startFaultProxy({ host: "127.0.0.1", port: (talker.address() as AddressInfo).port });
  const taken = once(talker, "connection") as Promise<[Socket]>;
  const client = connect({ port: line.port, host: "127.0.0.1", allowHalfOpen: true });
  client.on("error", () => undefined);
  const [socket] = await taken;
  line.freeze();
  await new Promise<void>((resolve) => client.end(resolve));
  // So that the line has heard of the end.
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  line.thaw();
  // In the same turn of the event loop as what was held back.
  setTimeout(line.reset, 0);
  const talking = setInterval(() => socket.writable && socket.write("anybody?"), 10);
  await once(socket, "close").catch(() => undefined);
  clearInterval(talking);
  expect(socket.destroyed).toBe(true);
  await line.close();
  talker.close();
});

test("who connects while all are refused is reset; who was there already goes on", async () => {
  const old = await dial();
  while (proxy.connections() < 1) await meanwhile();
  proxy.refuse(true);
  const refused = connect(proxy.port, "127.0.0.1");
  const ear = listen(refused);
  await ended(refused);
  expect(ear.wasReset()).toBe(true);
  old.write("hello");
  expect(await heard(old, 5)).toBe("hello");
  proxy.heal();
  const next = await dial();
  next.write("hello");
  expect(await heard(next, 5)).toBe("hello");
});
