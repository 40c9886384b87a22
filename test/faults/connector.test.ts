/** Connectors as processes, several side by side: killed, stopped, and awake again when nobody waits for them any more. */
import { fork, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { planOf } from "#connector/plan.ts";
import { relayCounts } from "#connector/relay.ts";
import { catalogue } from "#functions/catalogue.ts";
import { contracts } from "#infra/derive.ts";
import { definitionsOf } from "#infra/rabbitmq/definitions.ts";
import { connectBroker } from "#lib/broker/connect.ts";
import { uuidv7 } from "#lib/ids.ts";
import { eventOf } from "#test/contracts/broker-bench.ts";
import { eventually } from "#test/contracts/check.ts";
import { testDatabase, type TestDatabase } from "#test/harness/database.ts";
import { SYSTEM_TOKEN, testMaterial } from "#test/harness/host.ts";
import { isMissing, present, serverFor, titled } from "#test/harness/servers/use.ts";
import { testVhost, type Vhost } from "#test/harness/servers/vhost.ts";
import { writeSecrets } from "#test/workerd/replicas.ts";

const rabbitmq = await serverFor("rabbitmq");
const redis = await serverFor("redis");

let db: TestDatabase;
const children: ChildProcess[] = [];
beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.close());
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
  }
});

type Words = Record<string, unknown>[];
const begin = (file: string, args: readonly string[], env: Record<string, string> = {}) => {
  const said: Words = [];
  const child = fork(join(import.meta.dirname, file), args, {
    env: { PATH: process.env["PATH"] ?? "", ...env },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  child.on("message", (word) => said.push(word as Words[number]));
  children.push(child);
  const hears = (key: string) =>
    eventually(`it says ${key}`, () => said.find((word) => word[key] !== undefined), 30_000);
  return { child, said, hears };
};

describe("long work is held by a lease", () => {
  const QUEUE = "streaming.cut-clip";
  const TYPE = "clip.requested";
  const worker = () => begin("connector-child.ts", [db.urls.system, QUEUE, TYPE]);

  test("whoever was stopped past its lease and wakes up has no effect, and settles nothing", async () => {
    const broker = await connectBroker("postgres:", { queues: [{ name: QUEUE, types: [TYPE] }], sql: db.system });
    const event = eventOf(TYPE);
    const first = worker();
    await first.hears("ready");
    await broker.publish([event]);
    await first.hears("begun");
    first.child.kill("SIGSTOP");
    const second = worker();
    await second.hears("begun");
    // The one that was stopped is awake while the other works: both believe that it is theirs.
    first.child.kill("SIGCONT");
    second.child.send("go on");
    expect(await second.hears("ended")).toEqual({ ended: event.id, counted: true });
    await eventually("it is done", async () => (await db.system`select 1 from work`).length === 0);
    first.child.send("go on");
    expect(await first.hears("ended")).toEqual({ ended: event.id, counted: false });
    expect(await db.owner`select function from inbox where id = ${event.id}`).toEqual([{ function: "cut-clip" }]);
    expect(await db.system`select 1 from dead_letters`).toEqual([]);
    await broker.close();
  });

  test("and is renewed while it is worked on: nobody else begins it, however long it takes", async () => {
    const broker = await connectBroker("postgres:", { queues: [{ name: QUEUE, types: [TYPE] }], sql: db.system });
    const [first, second] = [worker(), worker()];
    await Promise.all([first.hears("ready"), second.hears("ready")]);
    await broker.publish([eventOf(TYPE)]);
    const begun = () => [...first.said, ...second.said].filter((word) => word["begun"] !== undefined);
    await eventually("one begins it", () => begun().length === 1);
    const [held] = await db.system<{ run_at: Date }[]>`select run_at from work`;
    await eventually(
      "its first three leases are over",
      async () => (await db.system`select 1 where now() > ${held!.run_at}::timestamptz + interval '3 s'`).length === 1,
      20_000,
    );
    expect(begun()).toHaveLength(1);
    for (const one of [first, second]) one.child.send("go on");
    await eventually("it is done", async () => (await db.system`select 1 from work`).length === 0);
    expect(await db.system`select token::int from work`).toEqual([]);
    await broker.close();
  });
});

const left = isMissing(rabbitmq) ? titled("", "rabbitmq", rabbitmq) : titled("", "redis", redis);
describe.skipIf(isMissing(rabbitmq) || isMissing(redis))(`three connectors side by side${left}`, () => {
  const folder = mkdtempSync(join(tmpdir(), "gt-connectors-"));
  const EVENTS = 900;
  const plan = planOf(catalogue);
  const types = [...new Set(plan.queues.flatMap((queue) => queue.types))];
  /** `<function> <event>` → how often. */
  const delivered = new Map<string, number>();
  /** `<function> <instant>`, each time that it was called. */
  const planned: string[] = [];
  let vhost: Vhost;
  const functions = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += String(chunk)));
    request.on("end", () => {
      const isOurs = request.headers.authorization === `Bearer ${SYSTEM_TOKEN}`;
      const [, deployable, name] = /^\/function\/([a-z-]+)\/_\/functions\/([a-z-]+)$/.exec(request.url ?? "") ?? [];
      if (!isOurs || !deployable || !name) return response.writeHead(404).end();
      const { id = "", planned_for } = JSON.parse(body) as { id?: string; planned_for?: string };
      if (planned_for !== undefined) planned.push(`${name} ${planned_for}`);
      else delivered.set(`${name} ${id}`, (delivered.get(`${name} ${id}`) ?? 0) + 1);
      response.writeHead(204).end();
    });
  });
  beforeAll(async () => {
    vhost = await testVhost(present(rabbitmq), definitionsOf(catalogue, contracts));
    writeSecrets(join(folder, "secrets"), { ...(await testMaterial()), system_token: SYSTEM_TOKEN });
    await new Promise<void>((resolve) => functions.listen(0, "127.0.0.1", resolve));
  });
  afterAll(async () => {
    functions.closeAllConnections();
    await new Promise((resolve) => functions.close(resolve));
    await vhost.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  const connector = () =>
    begin("../../connector/main.ts", [], {
      SYSTEM_DATABASE_URL: db.urls.system,
      BROKER_URL: vhost.url,
      FRAMES_URL: vhost.url,
      CACHE_URL: present(redis).url,
      FUNCTIONS_URL: `http://127.0.0.1:${(functions.address() as AddressInfo).port}/function/{deployable}`,
      SECRETS_DIR: join(folder, "secrets"),
      PORT: "0",
      LOG_LEVEL: "error",
    });
  const write = async (count: number): Promise<void> => {
    const rows = Array.from({ length: count }, (_, n) => ({
      id: uuidv7(),
      type: types[n % types.length] ?? "",
      version: 1,
      partition_key: `camera ${n % 7}`,
      correlation_id: "corr",
      data: db.owner.json({}),
    }));
    await db.owner`insert into outbox ${db.owner(rows)}`;
  };

  test(
    "every event reaches every function that hears it, though one is killed and another stopped",
    { timeout: 180_000 },
    async () => {
      const all = [connector(), connector(), connector()];
      await Promise.all(all.map((one) => one.hears("ready")));
      await write(EVENTS / 3);
      await eventually("they work", () => delivered.size > 50, 30_000);
      all[0]!.child.kill("SIGKILL");
      await write(EVENTS / 3);
      all[1]!.child.kill("SIGSTOP");
      await write(EVENTS / 3);
      const rows = await db.owner<{ id: string; type: string }[]>`select id, type from outbox`;
      const expected = rows.flatMap(({ id, type }) =>
        plan.queues
          .filter((queue) => queue.types.includes(type))
          .map((queue) => `${queue.name.slice(queue.name.indexOf(".") + 1)} ${id}`),
      );
      expect(rows).toHaveLength(EVENTS);
      all[1]!.child.kill("SIGCONT");
      await eventually("all have arrived", () => expected.every((one) => delivered.has(one)), 120_000);
      await eventually("the outbox is empty", async () => (await relayCounts(db.system)).unpublished === 0, 30_000);
      const broker = await connectBroker(vhost.url, { queues: plan.queues });
      await eventually(
        "nothing waits, nothing is dead",
        async () =>
          (await broker.depths()).every(({ waiting, held, parked, dead }) => waiting + held + parked + dead === 0),
        30_000,
      );
      await broker.close();
      // Long work moved into the work table. What the killed one held there lapses.
      await eventually("that is done too", async () => (await db.system`select 1 from work`).length === 0, 60_000);
      expect(new Set(delivered.keys()).size).toBe(expected.length);
      expect(new Set(planned).size).toBe(planned.length);
    },
  );
});
