import * as z from "zod";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TestClient } from "#test/harness/host.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";
import { uuidv7 } from "#lib/ids.ts";
import { createHost } from "./host.ts";
import { Note, readNote, testCatalogue } from "./testing.ts";

let host: TestHost;
let city: { id: string };
let other: { id: string };
let camera: string;
let operator: TestClient;
let stranger: TestClient;
const lines: Record<string, unknown>[] = [];

beforeAll(async () => {
  const { createLog } = await import("#lib/log.ts");
  const log = createLog({ context: "host", write: (line) => lines.push(JSON.parse(line) as Record<string, unknown>) });
  host = await testHost(testCatalogue, { log, trusted_proxies: ["10.0.0.0/8"] });
  city = await host.city();
  other = await host.city();
  camera = await host.camera(city.id);
  operator = await host.as(["recordings.manage", "recordings.view"], [city.id]);
  stranger = await host.as(["recordings.manage", "recordings.view"], [other.id]);
});
afterAll(() => host.close());

const note = (text = "hello") => ({ cidade_id: city.id, camera_id: camera, text });
const problem = (code: string, more: object = {}) =>
  expect.objectContaining({ code, correlation_id: expect.any(String), type: `urn:gt-vision:problem:${code}`, ...more });

describe("an answer", () => {
  test("passes its schema: columns that `returning *` brought along stay inside", async () => {
    const { status, body, headers } = await operator.post("/api/notes", note());
    expect(status).toBe(201);
    expect(Object.keys(body).toSorted()).toEqual(["id", "text", "version"]);
    expect(headers.get("etag")).toBe('"1"');
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("cache-control")).toBe("no-store");
  });

  test("that does not fit its schema is a 500 that says nothing", async () => {
    const { status, body } = await host.host
      .fetch(
        new Request("http://gt.test/api/knocks", {
          method: "POST",
          body: '{"how":"badly"}',
          headers: { "content-type": "application/json" },
        }),
        { address: "9.0.0.1" },
      )
      .then(async (response) => ({ status: response.status, body: await response.json() }));
    expect(status).toBe(500);
    expect(body).toEqual(problem("internal", { title: "Something went wrong on our side" }));
  });

  test("to an unforeseen error shows no stack, statement or path, but the log has the cause", async () => {
    const response = await host.host.fetch(
      new Request("http://gt.test/api/knocks", {
        method: "POST",
        body: '{"how":"wrongly"}',
        headers: { "content-type": "application/json" },
      }),
      { address: "9.0.0.2" },
    );
    const text = await response.text();
    expect(response.status).toBe(500);
    expect(text).not.toMatch(/select|home|TypeError|at /);
    const id = response.headers.get("x-correlation-id");
    expect(JSON.stringify(lines.find((line) => line["correlation_id"] === id))).toContain("/home/somebody");
  });

  test("that takes longer than it may is a 503 with Retry-After", async () => {
    const { status, headers, body } = await host.anyone.post("/api/knocks", { how: "slowly" });
    expect(status).toBe(503);
    expect(headers.get("retry-after")).toBe("5");
    expect(body).toEqual(problem("unavailable", { reason: "timeout" }));
  });

  test("to what is not there is a 404 problem", async () => {
    for (const path of ["/api/nothing", "/", "//api/notes", "/api/notes/x/y"]) {
      const { status, body } = await operator.get(path);
      expect([path, status, body]).toEqual([path, 404, problem("not_found")]);
    }
    expect((await operator.delete("/api/notes")).status).toBe(404);
  });
});

describe("input", () => {
  const refused: [string, string | Uint8Array, object][] = [
    ["not JSON", "{", { reason: "json.syntax" }],
    ["a doubled name", '{"text":"a","text":"b"}', { reason: "json.duplicate_name" }],
    ["a name doubled by an escape", '{"text":"a","te\\u0078t":"b"}', { reason: "json.duplicate_name" }],
    ["__proto__", '{"__proto__":{"a":1}}', { reason: "json.name" }],
    ["too deep", `${'{"a":'.repeat(40)}1${"}".repeat(40)}`, { reason: "json.depth" }],
    ["a NUL", '{"text":"a\\u0000b"}', { reason: "json.text" }],
    ["half a character", '{"text":"\\ud800"}', { reason: "json.text" }],
    ["invalid UTF-8", new Uint8Array([0x22, 0xc3, 0x28, 0x22]), { reason: "json.encoding" }],
    ["a byte order mark", "\ufeff{}", { reason: "json.syntax" }],
    ["a list", "[]", { reason: "json.object" }],
    [
      "an unknown name",
      '{"tenantId":1}',
      {
        errors: expect.arrayContaining([
          { path: "tenantId", code: "unknown_field" },
          { path: "text", code: "required" },
        ]),
      },
    ],
    [
      "a wrong type",
      '{"text":{"$ne":1}}',
      { errors: expect.arrayContaining([{ path: "text", code: "invalid_type" }]) },
    ],
  ];
  test.for(refused)("with %s is a 400 that says where", async ([, body, more]) => {
    const answer = await operator.post("/api/notes", body);
    expect(answer.status).toBe(400);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(answer.body).toEqual(problem("malformed", more));
  });

  test("of another content type or a compressed one is a 415", async () => {
    expect(
      (await operator.post("/api/notes", "a=b", { "content-type": "application/x-www-form-urlencoded" })).status,
    ).toBe(415);
    expect((await operator.post("/api/notes", "{}", { "content-encoding": "gzip" })).status).toBe(415);
    const plateCamera = await host.asCamera(city.id);
    expect((await plateCamera.post("/api/posts", "<a/>", { "content-type": "text/xml; charset=utf-8" })).status).toBe(
      202,
    );
    expect((await plateCamera.post("/api/posts", "<a/>", { "content-type": "text/html" })).status).toBe(415);
  });

  test("that would drop a misspelt name lets no host start", () => {
    const dropping = { ...readNote, input: z.object({ id: z.uuid() }), output: Note };
    const { database, keys } = host;
    const starting = () =>
      createHost({
        catalogue: { notes: { "read-note": dropping } },
        grants: { sql: database.app, system: database.system, keys },
      });
    expect(starting).toThrow("unknown names are refused");
  });

  test("too large is a 413, by its bytes and not by what it says of itself", async () => {
    expect((await operator.post("/api/notes", note("x".repeat(1024 * 1024)))).status).toBe(413);
    let pulled = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        pulled += 1;
        controller.enqueue(new Uint8Array(64 * 1024));
      },
    });
    const headers = { "content-type": "application/json", authorization: operator.authorization };
    const init: RequestInit & { duplex: "half" } = { method: "POST", body: endless, duplex: "half", headers };
    const request = new Request("http://gt.test/api/notes", init);
    expect((await host.host.fetch(request)).status).toBe(413);
    expect(pulled).toBeLessThan(30);
  });

  test("in a query becomes what the schema says and nothing else", async () => {
    const path = `/api/notes?cidade_id=${city.id}`;
    expect((await operator.get(`${path}&limit=1&open=true&causes=operator&causes=disk`)).body.items).toHaveLength(1);
    expect((await operator.get(`${path}&causes=disk`)).body.items).toHaveLength(0);
    for (const wrong of [
      "limit=1&limit=2",
      "limit=0x10",
      "limit=1e2",
      "open=1",
      "sort=if(sleep(5))",
      "filter[$ne]=1",
      "cursor=%ff",
      "cursor=%00",
    ]) {
      expect([wrong, (await operator.get(`${path}&${wrong}`)).status]).toEqual([wrong, 400]);
    }
  });

  test("that comes from the path and the body at once is a 400", async () => {
    const id = uuidv7();
    const answer = await operator.patch(`/api/notes/${id}`, { id, text: "b" }, { "if-match": "*" });
    expect(answer.body).toEqual(problem("malformed", { errors: [{ path: "id", code: "duplicate" }] }));
  });

  test("of a change names the version it is based on", async () => {
    const { id } = (await operator.post("/api/notes", note("v"))).body;
    expect((await operator.patch(`/api/notes/${id}`, { text: "b" })).body).toEqual(
      problem("malformed", { reason: "if_match.missing" }),
    );
    expect((await operator.patch(`/api/notes/${id}`, { text: "b" }, { "if-match": "W/x" })).status).toBe(400);
    expect((await operator.patch(`/api/notes/${id}`, { text: "b" }, { "if-match": '"7"' })).status).toBe(412);
    const changed = await operator.patch(`/api/notes/${id}`, { text: "b" }, { "if-match": '"1"' });
    expect([changed.status, changed.headers.get("etag")]).toEqual([200, '"2"']);
  });
});

describe("access", () => {
  test("without a permission is a 403, and the refusal is in the audit trail", async () => {
    const viewer = await host.as(["recordings.view"], [city.id]);
    const answer = await viewer.post("/api/notes", note());
    expect([answer.status, answer.body]).toEqual([
      403,
      problem("forbidden", { params: { permission: "recordings.manage" } }),
    ]);
    const rows = (await host.audit()).filter(({ actor_id }) => actor_id === viewer.id);
    expect(rows).toMatchObject([{ action: "write-note", result: "refused" }]);
  });

  test("to what needs every city is refused to who holds one", async () => {
    const some = await host.as(["cities.manage"], [city.id]);
    expect((await some.post("/api/everywhere")).body).toEqual(problem("forbidden", { reason: "access.all_cities" }));
    const all = await host.as(["cities.manage"]);
    expect((await all.post("/api/everywhere")).status).toBe(204);
  });

  test("to another city's things answers 404, by id, in lists and when writing", async () => {
    const { id } = (await operator.post("/api/notes", note("mine"))).body;
    expect((await operator.get(`/api/notes/${id}`)).status).toBe(200);
    expect((await stranger.get(`/api/notes/${id}`)).status).toBe(404);
    expect((await stranger.get(`/api/notes?cidade_id=${city.id}`)).status).toBe(404);
    expect((await stranger.post("/api/notes", note())).status).toBe(404);
    const before = await host.events("note.written");
    expect((await stranger.post("/api/notes", { ...note(), cidade_id: other.id })).status).toBe(422);
    expect(await host.events("note.written")).toHaveLength(before.length);
  });

  test("by a camera's key reaches that camera's city until the key is revoked", async () => {
    const plateCamera = await host.asCamera(city.id);
    expect((await plateCamera.post("/api/posts", { a: 1 })).body).toEqual({ bytes: 7, camera_id: plateCamera.id });
    expect((await operator.post("/api/posts", {})).status).toBe(401);
    expect((await plateCamera.post("/api/notes", note())).status).toBe(401);
  });

  test("by an agent's own token is its city's; a foreign, long-lived or misdirected one is nobody's", async () => {
    const agent = await host.asAgent(city.id);
    const get = async (authorization: string) => (await host.anyone.get("/api/greeting", { authorization })).status;
    expect((await agent.get("/api/greeting")).body).toEqual({ cities: [city.id] });
    expect(await get(`Bearer ${await agent.token({ seconds: 3600 })}`)).toBe(401);
    expect(await get(`Bearer ${await agent.token({ seconds: -60 })}`)).toBe(401);
    expect(await get(`Bearer ${await agent.token({ aud: "other" })}`)).toBe(401);
    const second = await host.asAgent(city.id);
    const [, payload, signature] = (await second.token()).split(".");
    const [header] = (await agent.token()).split(".");
    expect(await get(`Bearer ${header}.${payload}.${signature}`)).toBe(401);
  });

  test("is counted per address, and 429 says when to come back", async () => {
    const knocking = async (address: string, forwarded?: string) => {
      const headers = { "content-type": "application/json", ...(forwarded ? { "x-forwarded-for": forwarded } : {}) };
      return host.host.fetch(
        new Request("http://gt.test/api/knocks", { method: "POST", body: '{"how":"well"}', headers }),
        { address },
      );
    };
    for (let index = 0; index < 3; index += 1) expect((await knocking("9.9.9.9")).status).toBe(204);
    const refused = await knocking("::ffff:9.9.9.9");
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    // A header of a stranger changes nothing; one of the proxy does.
    expect((await knocking("9.9.9.9", "1.2.3.4")).status).toBe(429);
    expect((await knocking("10.1.1.1", "6.6.6.6, 9.9.9.9")).status).toBe(429);
    expect((await knocking("10.1.1.1", "9.9.9.9, 6.6.6.6")).status).toBe(204);
  });

  test("with cookies is for our own pages: another origin is a 403", async () => {
    const post = (origin: string) => host.anyone.post("/api/knocks", { how: "well" }, { origin });
    expect((await post("https://evil.test")).status).toBe(403);
    expect((await post("null")).status).toBe(403);
    const own = await host.host.fetch(
      new Request("http://gt.test/api/knocks", {
        method: "POST",
        body: '{"how":"well"}',
        headers: { "content-type": "application/json", origin: "http://gt.test" },
      }),
      { address: "9.8.7.6" },
    );
    expect(own.headers.get("set-cookie")).toBe("knock=x; Path=/api/knocks; Max-Age=60; HttpOnly; SameSite=Strict");
  });
});

describe("Idempotency-Key", () => {
  test("twenty at once have one effect and one answer", async () => {
    const key = uuidv7();
    const before = (await host.events("note.written")).length;
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => operator.post("/api/notes", note("once"), { "idempotency-key": key })),
    );
    expect(new Set(answers.map(({ status, body }) => `${status} ${JSON.stringify(body)}`)).size).toBe(1);
    expect(answers.filter(({ headers }) => headers.get("idempotent-replayed") === "true")).toHaveLength(19);
    expect((await host.events("note.written")).length).toBe(before + 1);
    const [row] = await host.database.owner`select count(*)::int as n from gaps where detail = 'once'`;
    expect(row).toEqual({ n: 1 });
  });

  test("with another request is a 409, and another caller's key is another key", async () => {
    const key = uuidv7();
    const headers = { "idempotency-key": key };
    expect((await operator.post("/api/notes", note("a"), headers)).status).toBe(201);
    expect((await operator.post("/api/notes", note("b"), headers)).body).toEqual(
      problem("conflict", { reason: "idempotency.other_request" }),
    );
    const colleague = await host.as(["recordings.manage"], [city.id]);
    expect((await colleague.post("/api/notes", note("b"), headers)).status).toBe(201);
  });

  test("of a failed request can be used again", async () => {
    const headers = { "idempotency-key": uuidv7() };
    const wrong = { ...note(), camera_id: uuidv7() };
    expect((await operator.post("/api/notes", wrong, headers)).status).toBe(422);
    expect((await operator.post("/api/notes", wrong, headers)).status).toBe(422);
  });

  test("is refused where it would not be kept", async () => {
    const all = await host.as(["cities.manage"]);
    const { body } = await all.post("/api/everywhere", undefined, { "idempotency-key": "a" });
    expect(body.reason).toBe("idempotency.not_offered");
    expect((await operator.post("/api/notes", note(), { "idempotency-key": "a b" })).status).toBe(400);
  });
});

describe("around a request", () => {
  test("an act is one transaction: row, event and audit row, or none of them", async () => {
    const answer = await operator.post("/api/notes", note("whole"));
    const [event] = (await host.events("note.written")).filter(({ subject }) => subject === answer.body.id);
    expect(event).toMatchObject({
      source: "/notes",
      type: "note.written",
      dataschema: "/schemas/note.written/1",
      cidadeid: city.id,
      correlationid: answer.headers.get("x-correlation-id"),
      partitionkey: camera,
      subject: answer.body.id,
    });
    expect(await host.audit()).toContainEqual(
      expect.objectContaining({
        action: "write-note",
        object_id: answer.body.id,
        result: "done",
        actor_id: operator.id,
        cidade_id: city.id,
      }),
    );
  });

  test("ids of strangers are replaced, ids of trusted proxies are kept", async () => {
    const headers = {
      "x-correlation-id": "from-outside-1",
      traceparent: "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01",
    };
    const ask = (address: string) => host.host.fetch(new Request("http://gt.test/_/health", { headers }), { address });
    const [near, far] = [await ask("10.0.0.1"), await ask("8.8.8.8")];
    expect(near.headers.get("x-correlation-id")).toBe("from-outside-1");
    expect(near.headers.get("traceparent")).toBe(headers.traceparent);
    expect(far.headers.get("x-correlation-id")).not.toBe("from-outside-1");
    expect(far.headers.get("traceparent")).not.toBe(headers.traceparent);
  });

  test("one log line says what happened and never what was asked for", async () => {
    const { headers } = await operator.get(`/api/notes?cidade_id=${city.id}&cursor=hush`);
    const [line, ...more] = lines.filter((one) => one["correlation_id"] === headers.get("x-correlation-id"));
    expect(more).toEqual([]);
    expect(line).toMatchObject({
      timestamp: expect.any(String),
      level: "info",
      context: "notes",
      function: "list-notes",
      status: 200,
      method: "GET",
      route: "/api/notes",
      ms: expect.any(Number),
    });
    expect(JSON.stringify(line)).not.toMatch(/hush|Bearer/);
  });

  test("metrics carry the client's names and are for those nearby", async () => {
    const { body } = await host.anyone.get("/metrics");
    expect(body).toMatch(/^http_requests_total\{method="POST",route="\/api\/notes",status="201"\} \d+$/m);
    expect(body).toMatch(
      /^http_request_duration_seconds_bucket\{method="POST",route="\/api\/notes",le="0\.005"\} \d+$/m,
    );
    const far = await host.host.fetch(new Request("http://gt.test/metrics"), { address: "8.8.8.8" });
    expect(far.status).toBe(401);
  });

  test("health says alive and ready until it drains", async () => {
    expect((await host.anyone.get("/_/health")).status).toBe(200);
    expect((await host.anyone.get("/_/ready")).status).toBe(200);
  });
});
