/** PostgreSQL is busy, stopped, killed, in a deadlock or read only: what it does to who asks meanwhile. */
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import * as z from "zod";
import { startConnector } from "#connector/connector.ts";
import { hostReach } from "#connector/host-deliver.ts";
import { consumersOf } from "#connector/frames.ts";
import { planOf } from "#connector/plan.ts";
import { connectBroker } from "#lib/broker/connect.ts";
import { connectSql } from "#lib/db/connect.ts";
import { http } from "#lib/function/define.ts";
import { memoryFrames } from "#lib/frames/memory.ts";
import { testCatalogue, type Note } from "#lib/function/testing.ts";
import { eventually } from "#test/contracts/check.ts";
import { testHost, type TestAnswer, type TestClient, type TestHost } from "#test/harness/host.ts";
import { startOwnPostgres, type OwnPostgres } from "#test/harness/own-postgres.ts";
import { seeded } from "#test/harness/seeded.ts";

const KILLS = 10;
const access = { permission: "recordings.manage", cities: "callers" } as const;
/** Both have their first row before either asks for its second. */
const both = { arrived: 0, meet: Promise.withResolvers<void>() };
const counts = { slow: 0, crowded: 0 };

const slow = http({
  name: "be-slow",
  summary: "Keeps a connection",
  http: { method: "GET", path: "/api/slow", access },
  input: z.strictObject({}),
  output: z.null(),
  needs: ["sql"],
  async handle(_, { sql }): Promise<null> {
    counts.slow++;
    await sql`select pg_sleep(6)`;
    return null;
  },
});
const lockTwo = http({
  name: "lock-two",
  summary: "Writes two rows, one after the other",
  http: { method: "POST", path: "/api/lock-two", access, status: 204 },
  input: z.strictObject({ first: z.uuid(), second: z.uuid() }),
  output: z.null(),
  needs: ["sql"],
  async handle({ first, second }, { sql }): Promise<null> {
    await sql`update gaps set detail = detail || '.' where id = ${first}`;
    if (++both.arrived === 2) both.meet.resolve();
    await both.meet.promise;
    await sql`update gaps set detail = detail || '.' where id = ${second}`;
    return null;
  },
});
const crowd = http({
  name: "crowd",
  summary: "Loses every deadlock",
  http: { method: "POST", path: "/api/crowd", access, status: 204 },
  input: z.strictObject({}),
  output: z.null(),
  needs: ["sql"],
  async handle(_, { sql }): Promise<null> {
    counts.crowded++;
    await sql`do $$ begin raise exception 'again' using errcode = '40P01'; end $$`;
    return null;
  },
});
const catalogue = {
  notes: testCatalogue["notes"]!,
  faults: { "be-slow": slow, "lock-two": lockTwo, crowd },
};

let server: OwnPostgres;
let host: TestHost;
let city: { id: string };
let camera_id: string;
let operator: TestClient;
beforeAll(async () => {
  server = await startOwnPostgres();
  host = await testHost(catalogue, { database: server.database });
  city = await host.city();
  camera_id = await host.camera(city.id);
  operator = await host.as(["recordings.manage", "recordings.view"], [city.id]);
});
afterAll(() => host?.close());
afterEach(() => signal("SIGCONT"));

const signal = (name: NodeJS.Signals): void => {
  // The server first: it would start again what ends.
  for (const pid of server.pids()) process.kill(pid, name);
};
type Asking = { get(path: string): Promise<TestAnswer>; post(path: string, body: unknown): Promise<TestAnswer> };
const write = (client: Asking, text: string): Promise<TestAnswer> =>
  client.post("/api/notes", { cidade_id: city.id, camera_id, text });
const texts = async (client: Asking): Promise<string[]> => {
  const { body } = await client.get(`/api/notes?cidade_id=${city.id}&limit=200`);
  return (body.items as Note[]).map(({ text }) => text);
};
const expectBusy = (answer: TestAnswer): void => {
  expect(answer.status).toBe(503);
  expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
};
const alive = async (): Promise<number> => (await host.anyone.get("/_/health")).status;

/** Another process over the same database, with connections of its own; the operator asks there. */
const another = async (max: number): Promise<Asking> => {
  const app = connectSql(server.database.urls.app, { max });
  const other = await testHost(catalogue, {
    database: { ...server.database, app, close: () => app.end({ timeout: 1 }) },
  });
  onTestFinished(() => other.close());
  const proof = { authorization: operator.authorization };
  return {
    get: (path) => other.anyone.get(path, proof),
    post: (path, body) => other.anyone.post(path, body, proof),
  };
};

describe("every connection in use", () => {
  test("answers 503 with Retry-After in seconds, is alive meanwhile, and serves when one is free", async () => {
    const client = await another(2);
    const slowOnes = Array.from({ length: 2 }, () => client.get("/api/slow"));
    const ended = Promise.all(slowOnes);
    const order: string[] = [];
    void ended.then(() => order.push("connections free"));
    await eventually("both connections are in use", () => counts.slow === 2);
    const others = Promise.all(Array.from({ length: 50 }, (_, n) => write(client, `refused ${n}`)));
    expect(await alive()).toBe(200);
    (await others).forEach(expectBusy);
    order.push("all refused");
    expect((await ended).map(({ status }) => status)).toEqual([204, 204]);
    expect(order).toEqual(["all refused", "connections free"]);
    expect((await write(client, "served")).status).toBe(201);
    expect((await texts(client)).filter((text) => text.startsWith("refused"))).toEqual([]);
  });
});

describe("a deadlock", () => {
  test("is fought once more: both have what they wanted", async () => {
    const [one, two] = [(await write(operator, "a")).body.id, (await write(operator, "b")).body.id];
    const answers = await Promise.all([
      operator.post("/api/lock-two", { first: one, second: two }),
      operator.post("/api/lock-two", { first: two, second: one }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([204, 204]);
    expect(await texts(operator)).toEqual(expect.arrayContaining(["a..", "b.."]));
  });

  test("that never ends is 503 after three tries", async () => {
    expectBusy(await operator.post("/api/crowd", {}));
    expect(counts.crowded).toBe(3);
  });
});

test("a database that is set to read only refuses what writes with 503, and answers what reads", async () => {
  const { owner, name } = server.database;
  await owner.unsafe(`alter database ${name} set default_transaction_read_only = on`);
  try {
    const client = await another(1);
    expectBusy(await write(client, "never"));
    expect(await texts(client)).not.toContain("never");
  } finally {
    await owner.begin("read write", (tx) => tx.unsafe(`alter database ${name} reset default_transaction_read_only`));
  }
  expect((await write(await another(1), "again")).status).toBe(201);
});

test("stopped for ten seconds it makes nobody wait for as long: 503, alive all the while, and it goes on", async () => {
  expect((await write(operator, "before")).status).toBe(201);
  signal("SIGSTOP");
  const over = new Promise((resolve) => setTimeout(resolve, 10_000));
  const refused = await Promise.all(Array.from({ length: 20 }, (_, n) => write(operator, `meanwhile ${n}`)));
  refused.forEach(expectBusy);
  expect(await alive()).toBe(200);
  await over;
  signal("SIGCONT");
  await eventually("it serves", async () => (await write(operator, "after")).status === 201, 15_000);
  const kept = await texts(operator);
  expect(kept).toContain("before");
  // What was refused before it began did not happen later.
  expect(kept.filter((text) => text.startsWith("meanwhile"))).toEqual([]);
});

test(
  `killed ${KILLS} times under load: every acknowledged note is there, and counted once`,
  { timeout: 240_000 },
  async () => {
    const { system } = server.database;
    const plan = planOf(catalogue);
    const broker = await connectBroker("postgres:", { queues: plan.queues, sql: system, on_error: () => undefined });
    const connector = await startConnector({
      sql: system,
      broker,
      frames: memoryFrames({ consumers: consumersOf(plan.frames) }),
      plan,
      ...hostReach(host.host),
    });
    const chance = seeded("kills of PostgreSQL");
    const acknowledged: string[] = [];
    const strange: number[] = [];
    let isLoaded = true;
    const load = async (): Promise<void> => {
      // One note in one instant is all that a camera may have.
      const own = await host.camera(city.id);
      for (let n = 0; isLoaded; n++) {
        const note = { cidade_id: city.id, camera_id: own, text: `load ${n} ` };
        const { status, body } = await operator.post("/api/notes", note);
        if (status === 201) acknowledged.push(body.id as string);
        else if (status !== 503) strange.push(status);
        else await new Promise((resolve) => setTimeout(resolve, 50));
      }
    };
    const loading = Promise.all([load(), load(), load()]);
    for (let kill = 0; kill < KILLS; kill++) {
      const before = acknowledged.length;
      await eventually("it is under load", () => acknowledged.length > before + 3, 60_000);
      await new Promise((resolve) => setTimeout(resolve, chance.below(300)));
      const pid = server.pid();
      if (pid !== null) process.kill(pid, "SIGKILL");
    }
    await eventually("it serves again", async () => (await write(operator, "last")).status === 201, 60_000);
    isLoaded = false;
    await loading;
    expect(strange).toEqual([]);
    const counted = () => server.database.owner<{ id: string; detail: string }[]>`
    select id, detail from gaps where detail like 'load %' and detail not like '%+%' or detail like '%+%+%'`;
    await eventually("each is counted", async () => (await counted()).length === 0, 60_000);
    const rows = await server.database.owner<{ id: string }[]>`select id from gaps where detail like 'load %'`;
    const there = new Set(rows.map(({ id }) => id));
    expect(acknowledged.filter((id) => !there.has(id))).toEqual([]);
    await connector.stop();
    await broker.close();
  },
);
