import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { connectServer, type Server } from "./server-client.ts";

let http: HttpServer;
let server: Server;
let status = 200;
let dates: number[];
beforeEach(async () => {
  dates = [];
  http = createServer((request, response) => void request.resume().on("end", () => response.writeHead(status).end()));
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const { port } = http.address() as AddressInfo;
  server = connectServer(
    `http://127.0.0.1:${port}`,
    async () => "Bearer x",
    (ms) => void dates.push(ms),
  );
});
afterEach(async () => {
  server.close();
  http.closeAllConnections();
  await new Promise((resolve) => http.close(resolve));
});

const put = () => server.put("/store/a", {}, new Blob(["abc"]));

test.each([
  [200, "stored"],
  [409, "taken"],
  [412, "taken"],
])("a store that answers %i to a segment means: %s", async (answered, meaning) => {
  status = answered;
  expect(await put()).toBe(meaning);
});

test.each([
  [422, "invalid"],
  [403, "invalid"],
  [401, "unauthorized"],
  [429, "unavailable"],
  [503, "unavailable"],
])("one that answers %i is %s", async (answered, code) => {
  status = answered;
  await expect(put()).rejects.toMatchObject({ code });
});

test("a server that is not there is unavailable, and one that refuses our proof tells its time", async () => {
  status = 401;
  await expect(put()).rejects.toMatchObject({ code: "unauthorized" });
  expect(Math.abs((dates[0] ?? 0) - Date.now())).toBeLessThan(60_000);
  await new Promise((resolve) => {
    http.closeAllConnections();
    http.close(resolve);
  });
  await expect(put()).rejects.toMatchObject({ code: "unavailable", reason: "server.unreachable" });
});
