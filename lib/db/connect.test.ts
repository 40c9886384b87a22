import { once } from "node:events";
import { connect, createServer, Socket, type AddressInfo } from "node:net";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testDatabase, type TestDatabase } from "#test/harness/database.ts";
import { connectSql, type Sql } from "./connect.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

/** A line to the database that can be cut. */
const openLine = async (url: string) => {
  const { port, hostname } = new URL(url);
  const address = new URL(url);
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    const behind = connect(Number(port), hostname);
    for (const end of [socket, behind]) {
      open.add(end);
      end.on("error", () => undefined);
      end.on("close", () => open.delete(end));
    }
    socket.pipe(behind).pipe(socket);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  address.port = String((server.address() as AddressInfo).port);
  return {
    url: address.href,
    cut: () => open.forEach((socket) => socket.destroy()),
    close: () => new Promise((resolve) => server.close(resolve)),
  };
};

describe("a lost connection", () => {
  test("refuses what its transaction still asks, ends no process and serves again", async () => {
    const line = await openLine(database.urls.app);
    const sql: Sql = connectSql(line.url, { max: 1 });
    const late = Promise.withResolvers<unknown>();
    const transaction = sql.begin(async (tx) => {
      await tx`select 1`;
      line.cut();
      const lost = await tx`select pg_sleep(5)`.catch((error: unknown) => error);
      // The connection is gone for good here: this statement must be refused like any other.
      late.resolve(await tx`select 2`.catch((error: unknown) => error));
      throw lost;
    });
    await expect(transaction).rejects.toMatchObject({ code: "CONNECTION_CLOSED" });
    await expect(late.promise).resolves.toMatchObject({ code: "CONNECTION_CLOSED" });
    for (const number of [1, 2, 3]) expect((await sql`select ${number}::int as n`)[0]?.["n"]).toBe(number);
    await sql.end({ timeout: 1 });
    await line.close();
  });

  test("refuses what its transaction asks when another has the connection that was made anew", async () => {
    const line = await openLine(database.urls.app);
    const sql: Sql = connectSql(line.url, { max: 1 });
    const goOn = Promise.withResolvers<void>();
    const late = Promise.withResolvers<unknown>();
    const transaction = sql.begin(async (tx) => {
      await tx`select 1`;
      line.cut();
      await goOn.promise;
      late.resolve(await tx`select 'outside of any transaction'`.catch((error: unknown) => error));
    });
    await expect(transaction).rejects.toMatchObject({ code: "CONNECTION_CLOSED" });
    expect(await sql`select 1 as n`).toEqual([{ n: 1 }]);
    goOn.resolve();
    expect(await late.promise).toMatchObject({ code: "CONNECTION_CLOSED" });
    expect(await sql`select 2 as n`).toEqual([{ n: 2 }]);
    await sql.end({ timeout: 1 });
    await line.close();
  });

  test("refuses what is asked of it between its fault and its end", async () => {
    const address = new URL(database.urls.app);
    const { hostname, port } = address;
    // A word to us (`pgbouncer=1`) is none to the server.
    address.search = "";
    let socket = new Socket();
    const options = {
      max: 1,
      fetch_types: false,
      prepare: false,
      // Its types do not know this one.
      async socket() {
        socket = connect(Number(port), hostname);
        await once(socket, "connect");
        return socket;
      },
    };
    const sql = postgres(address.href, options);
    await sql`select 1`;
    // Whoever heard of the fault asks again at once, while the socket is still closing.
    const again = new Promise<unknown>((resolve) => {
      socket.once("error", () => resolve(sql`select 2`.catch((error: unknown) => error)));
    });
    socket.destroy(new Error("cut"));
    expect(await again).toMatchObject({ code: "CONNECTION_CLOSED" });
    expect(await sql`select 3::int as n`).toEqual([{ n: 3 }]);
    await sql.end({ timeout: 1 });
  });

  test("refuses what is asked first when it is cut while the driver asks for the types of arrays", async () => {
    const authenticated = Buffer.from("R\0\0\0\x08\0\0\0\0", "latin1");
    const ready = Buffer.from("Z\0\0\0\x05I", "latin1");
    const server = createServer((socket) => {
      socket.once("data", () => {
        socket.write(Buffer.concat([authenticated, ready]));
        socket.once("data", () => socket.resetAndDestroy());
      });
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port } = server.address() as AddressInfo;
    const sql = postgres(`postgres://somebody@127.0.0.1:${port}/somewhere`, { max: 1, fetch_types: true });
    // A rejection that nobody hears ends the process, and this run.
    await expect(sql`select 1`).rejects.toMatchObject({ code: "ECONNRESET" });
    await sql.end({ timeout: 1 });
    await new Promise((resolve) => server.close(resolve));
  });
});
