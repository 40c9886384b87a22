/** Lines that are used badly, slowly or at the wrong moment, on the real server: what is said to them, and what is cut. */
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { permissions } from "#lib/function/permissions.ts";
import { serve, type Serving } from "#lib/function/serve.ts";
import { createLog } from "#lib/log.ts";
import { testHost, type TestClient, type TestHost } from "#test/harness/host.ts";
import { openRaw, parseRaw, sendRaw, untilClosed } from "#test/harness/raw-http.ts";

const HOST = "Host: gt.test\r\nConnection: close\r\n";
const PATIENCE_MS = { headers: 300, request: 600 };

let host: TestHost;
let serving: Serving;
let city: { id: string };
let operator: TestClient;
const lines: string[] = [];

beforeAll(async () => {
  host = await testHost(catalogue, { log: createLog({ context: "host", write: (line) => void lines.push(line) }) });
  serving = await serve(host.host, { port: 0, patience_ms: PATIENCE_MS });
  city = await host.city();
  operator = await host.as(permissions, [city.id]);
});
afterAll(async () => {
  await serving?.close();
  await host?.close();
});

/** A server of its own, so that its end is not the end of the others' host. */
const own = (fetch: (request: Request) => Promise<Response> = host.host.fetch, drain_seconds = 600): Promise<Serving> =>
  serve(
    { fetch, refuse: host.host.refuse, drain: () => undefined, close: async () => undefined },
    { port: 0, drain_seconds },
  );

const mustTellNothing = (text: string): void =>
  expect(text).not.toMatch(/\bat .+:\d+:\d+|node_modules|\/home\/|HPE_|Parse Error/i);

describe("a line", () => {
  const raw = (text: string) => ({ first: text.slice(0, text.indexOf("\r\n")), ...parseRaw(text) });
  /** Of what never became a request: a problem document all the same, and its correlation id is in the log. */
  const mustBeToldApart = (text: string, status: number, reason: string): void => {
    const { headers, body } = raw(text);
    expect(headers).toMatchObject({ "content-type": "application/problem+json", connection: "close" });
    expect(Number(headers["content-length"])).toBe(Buffer.byteLength(body));
    const problem = JSON.parse(body) as { correlation_id: string };
    expect(problem).toMatchObject({ status, reason, code: "malformed", correlation_id: headers["x-correlation-id"] });
    mustTellNothing(body);
    expect(lines.map((line) => JSON.parse(line) as object)).toContainEqual(
      expect.objectContaining({ correlation_id: problem.correlation_id, status, route: "none" }),
    );
  };
  const send = async (text: string | Uint8Array): Promise<string> => {
    const socket = await openRaw(serving.port);
    const answered = untilClosed(socket);
    socket.write(text);
    return answered;
  };

  test("whose headers, or whose body, trickle in is closed while others are served", async () => {
    const slow = await Promise.all(Array.from({ length: 100 }, () => openRaw(serving.port)));
    const closed = slow.map(untilClosed);
    const half = `POST /api/cameras HTTP/1.1\r\nHost: gt.test\r\n`;
    const whole = `${half}Authorization: ${operator.authorization}\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{`;
    for (const [number, socket] of slow.entries()) socket.write(number % 2 === 0 ? half : whole);
    expect((await fetch(`http://127.0.0.1:${serving.port}/api/jwks`)).status).toBe(200);
    for (const text of await Promise.all(closed)) {
      expect(text).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
      mustBeToldApart(text, 408, "request.timeout");
    }
  });

  test("with headers of 32 KB is a 431", async () => {
    const text = await send(`GET /api/jwks HTTP/1.1\r\n${HOST}X-Long: ${"x".repeat(32 * 1024)}\r\n\r\n`);
    expect(text).toMatch(/^HTTP\/1\.1 431 /);
    mustBeToldApart(text, 431, "request.headers");
  });

  const unread: [string, string | Uint8Array][] = [
    ["the beginning of TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"],
    ["a line without a version", "GET /\r\n\r\n"],
    ["an unknown version", "GET / HTTP/9.9\r\n\r\n"],
    ["no host", "GET /api/jwks HTTP/1.1\r\nConnection: close\r\n\r\n"],
    ["a host that is none", "GET /api/jwks HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n"],
    ["an address that is none", `GET http://[ HTTP/1.1\r\n${HOST}\r\n`],
    ["a header without a name", `GET /api/jwks HTTP/1.1\r\n${HOST}: x\r\n\r\n`],
    ["two lengths", `POST /api/cameras HTTP/1.1\r\n${HOST}Content-Length: 4\r\nContent-Length: 5\r\n\r\n{}{}{`],
  ];
  test.for(unread)("with %s is a 400", async ([, text]) => {
    const answer = await send(text);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    mustBeToldApart(answer, 400, "request.not_http");
  });

  test("that expects what nobody offers is a 417", async () => {
    const answer = await send(`GET /api/jwks HTTP/1.1\r\n${HOST}Expect: a-miracle\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 417 /);
    mustBeToldApart(answer, 417, "request.expectation");
  });

  test("with rubbish after a request gets the request's own answer and no other", async () => {
    const text = await send(
      `GET /api/cities HTTP/1.1\r\nHost: gt.test\r\nAuthorization: ${operator.authorization}\r\n\r\n\x16rubbish\r\n\r\n`,
    );
    expect([...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => status)).toEqual(["200"]);
    expect(raw(text).headers).toMatchObject({ connection: "close" });
    expect(JSON.parse(raw(text).body)).toMatchObject({ items: [{ id: city.id }] });
  });
});

describe("a line that is used with patience", () => {
  const CONNECTIONS_TO_THE_DATABASE = 4;
  const camera = (nome: string): string => JSON.stringify({ cidade_id: city.id, nome });
  const request = (body: string, more = ""): string =>
    `POST /api/cameras HTTP/1.1\r\nHost: gt.test\r\n${more}Authorization: ${operator.authorization}\r\n` +
    `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
  const namesLike = async (start: string): Promise<string[]> => {
    const rows = await host.database.owner<{ nome: string }[]>`
      select nome from cameras where starts_with(nome, ${start}) order by nome`;
    return rows.map(({ nome }) => nome);
  };

  test("and whose bodies stop half-way holds no transaction, and leaves nothing when it goes", async () => {
    const patient = await own();
    const arrived = new Promise<void>((resolve) => {
      let count = 0;
      patient.server.on("request", () => ++count === CONNECTIONS_TO_THE_DATABASE * 5 && resolve());
    });
    const halves = await Promise.all(
      Array.from({ length: CONNECTIONS_TO_THE_DATABASE * 5 }, () => openRaw(patient.port)),
    );
    for (const socket of halves) socket.write(request(camera("Metade")).slice(0, -4));
    await arrived;
    // Had each of them a connection of the pool, this one would find none.
    expect((await sendRaw(patient.port, request(camera("Inteira"), "Connection: close\r\n"))).status).toBe(201);
    const [open] = await host.database.owner`
      select count(*)::int as n from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid() and state like 'idle in transaction%'`;
    expect(open).toEqual({ n: 0 });
    const gone = halves.map(untilClosed);
    for (const socket of halves) socket.destroy();
    await Promise.all(gone);
    await patient.close();
    expect(await namesLike("Metade")).toEqual([]);
  });

  test("for two requests at once answers both, in their order", async () => {
    const socket = await openRaw(serving.port);
    const closed = untilClosed(socket);
    socket.write(request(camera("Fila 1")) + request("{", "Connection: close\r\n"));
    const statuses = [...(await closed).matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => status);
    expect(statuses).toEqual(["201", "400"]);
    expect(await namesLike("Fila")).toEqual(["Fila 1"]);
  });

  test("is answered to its end when the server closes, and then let go although it would be kept alive", async () => {
    const leaving = await own();
    const socket = await openRaw(leaving.port);
    const answer = untilClosed(socket);
    const whole = request(camera("Última"));
    const arrived = once(leaving.server, "request");
    socket.write(whole.slice(0, -4));
    await arrived;
    const closed = leaving.close();
    await expect(openRaw(leaving.port)).rejects.toMatchObject({ code: "ECONNREFUSED" });
    socket.write(whole.slice(-4));
    expect(await answer).toMatch(/^HTTP\/1\.1 201 [^]*connection: close/i);
    await closed;
    expect(await namesLike("Última")).toEqual(["Última"]);
  });

  test("and whose answer has begun gets the rest of it when the server closes, and is let go too", async () => {
    const answer = new TransformStream<Uint8Array, Uint8Array>();
    const writer = answer.writable.getWriter();
    const leaving = await own(async () => new Response(answer.readable));
    const socket = await openRaw(leaving.port);
    const received = untilClosed(socket);
    socket.write("GET / HTTP/1.1\r\nHost: gt.test\r\n\r\n");
    const begun = once(socket, "data");
    await writer.write(new TextEncoder().encode("the beginning"));
    await begun;
    const closed = leaving.close();
    await writer.write(new TextEncoder().encode("the end"));
    await writer.close();
    expect(await received).toMatch(/keep-alive[^]*the beginning[^]*the end\r\n0\r\n\r\n$/);
    await closed;
  });
});

describe("a server that ends", () => {
  const SIZE = 20 * 1024 * 1024;
  const large = async (): Promise<Response> => new Response(new Uint8Array(SIZE).fill(0x78));
  /** Reads the beginning of an answer, and then nothing: the rest waits in the server. */
  const begin = async (port: number) => {
    const socket = await openRaw(port);
    const first = once(socket, "data");
    socket.write("GET / HTTP/1.1\r\nHost: gt.test\r\n\r\n");
    const [chunk] = (await first) as [Buffer];
    socket.pause();
    return { socket, chunk };
  };

  test("lets a slow reader have the whole of 20 MB that were handed over already", async () => {
    const leaving = await own(large, 600);
    const { socket, chunk } = await begin(leaving.port);
    const idle = await openRaw(leaving.port);
    const idleGone = untilClosed(idle);
    const closed = leaving.close();
    // What nobody uses is closed at once: by then the end has come to every line.
    await idleGone;
    const rest = untilClosed(socket);
    socket.resume();
    const all = `${chunk.toString("latin1")}${await rest}`;
    expect(all.slice(all.indexOf("\r\n\r\n") + 4)).toHaveLength(SIZE);
    await closed;
  });

  test("waits for a reader that reads nothing only until the drain is over", async () => {
    const leaving = await own(large, 0.05);
    const { socket, chunk } = await begin(leaving.port);
    await leaving.close();
    const rest = untilClosed(socket);
    socket.resume();
    expect(chunk.length + (await rest).length).toBeLessThan(SIZE);
  });
});
