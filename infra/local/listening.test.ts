import { createServer, type AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { mustBeAbleToListen } from "./listening.ts";

const listen = "127.0.0.1";
const never = new AbortController().signal;
const open: { close(): unknown }[] = [];
afterEach(() => {
  for (const server of open.splice(0)) server.close();
});
const takenPort = async () => {
  const server = createServer();
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, listen, resolve));
  return { server, port: (server.address() as AddressInfo).port };
};

test("a port that another program holds is named, with what to do", async () => {
  const { port } = await takenPort();
  await expect(mustBeAbleToListen({ listen, port }, never, { patience_ms: 0 })).rejects.toThrow(
    `Port ${port} on 127.0.0.1 is taken by another program. Stop it, or use another port: npm start -- --port N`,
  );
});

test("a port that becomes free meanwhile is waited for", async () => {
  const { server, port } = await takenPort();
  let naps = 0;
  const nap = (): Promise<void> => ((naps += 1), new Promise((resolve) => server.close(() => resolve())));
  await mustBeAbleToListen({ listen, port }, never, { naps: { nap, wakeAll: () => undefined } });
  expect(naps).toBe(1);
});

test("whoever ends the start does not wait for the port", async () => {
  const { port } = await takenPort();
  const stopping = new AbortController();
  const waiting = mustBeAbleToListen({ listen, port }, stopping.signal);
  stopping.abort();
  await waiting;
});

test("an address that this machine does not have is named", async () => {
  await expect(mustBeAbleToListen({ listen: "192.0.2.1", port: 0 }, never)).rejects.toThrow(
    "192.0.2.1 is not an address of this machine",
  );
});
