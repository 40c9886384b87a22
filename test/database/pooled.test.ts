/** PgBouncer in transaction mode with one connection for each login: whatever a session carried over would show at once. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startConnector, type Connector } from "#connector/connector.ts";
import { hostReach } from "#connector/host-deliver.ts";
import { consumersOf } from "#connector/frames.ts";
import { planOf } from "#connector/plan.ts";
import { connectBroker } from "#lib/broker/connect.ts";
import { connectSql, type Sql } from "#lib/db/connect.ts";
import { withTenant } from "#lib/db/transaction.ts";
import { memoryFrames } from "#lib/frames/memory.ts";
import { testCatalogue, type Note } from "#lib/function/testing.ts";
import { eventually } from "#test/contracts/check.ts";
import { throughPool } from "#test/harness/database.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";
import { seeded } from "#test/harness/seeded.ts";
import { isMissing, present, serverFor, titled } from "#test/harness/servers/use.ts";

const told = await serverFor("pgbouncer");
const TIMES = 10_000;
const CITIES = 5;

describe.skipIf(isMissing(told))(titled("through one pooled connection", "pgbouncer", told), () => {
  let host: TestHost;
  let app: Sql;
  let system: Sql;
  beforeAll(async () => {
    host = await testHost(testCatalogue);
    const pooled = (url: string): Sql => connectSql(throughPool(url, present(told).port), { max: 4 });
    [app, system] = [pooled(host.database.urls.app), pooled(host.database.urls.system)];
  });
  afterAll(async () => {
    await Promise.all([app.end({ timeout: 2 }), system.end({ timeout: 2 })]);
    await host.close();
  });

  test("it is one, whoever asks and however many", async () => {
    const ids = await Promise.all(
      Array.from({ length: 20 }, () => app<{ pid: number }[]>`select pg_backend_pid() as pid`),
    );
    expect(new Set(ids.map(([row]) => row?.pid)).size).toBe(1);
  });

  test(
    `of ${TIMES} transactions of several cities none sees a row of another's, whatever became of the one before`,
    { timeout: 300_000 },
    async () => {
      const cities = await Promise.all(Array.from({ length: CITIES }, () => host.city()));
      for (const { id } of cities) await host.camera(id);
      const chance = seeded("cities through one connection");
      type Seen = { cidade_id: string }[];
      const look = async (named: readonly string[] | "all", fails: boolean): Promise<void> => {
        const expected = named === "all" ? cities.map(({ id }) => id) : named;
        const seen = await withTenant(app, named, chance.below(2) === 0 ? "read" : "write", async (tx) => {
          const rows = await tx<Seen>`select cidade_id from cameras`;
          // Half an answer, then the end: as a request that is given up.
          if (fails) throw Object.assign(new Error("given up"), { rows });
          return rows;
        }).catch((error: Error & { rows: Seen }) => {
          if (error.message !== "given up") throw error;
          return error.rows;
        });
        expect(seen.map(({ cidade_id }) => cidade_id).toSorted()).toEqual([...expected].toSorted());
      };
      const one = (): readonly string[] | "all" => {
        const which = chance.below(CITIES + 2);
        if (which === CITIES) return "all";
        return which > CITIES ? [] : [cities[which]!.id];
      };
      let left = TIMES;
      const worker = async (): Promise<void> => {
        while (left-- > 0) {
          await look(one(), chance.below(10) === 0);
          // Beside every transaction: without one there is no city at all.
          if (left % 50 === 0) expect(await app`select 1 from cameras`).toEqual([]);
        }
      };
      await Promise.all(Array.from({ length: 8 }, worker));
    },
  );

  test("the limits are those of the login, and a statement that is too slow is `unavailable`", async () => {
    const limits = async (sql: Sql): Promise<string[]> => {
      const names = ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"];
      const rows = await Promise.all(names.map((name) => sql<{ at: string }[]>`select current_setting(${name}) as at`));
      return rows.map(([row]) => row?.at ?? "");
    };
    expect(await limits(app)).toEqual(["10s", "3s", "15s"]);
    expect(await limits(system)).toEqual(["1min", "5s", "90s"]);
    const slow = withTenant(app, [], "read", async (tx) => {
      await tx`set local statement_timeout = '50ms'`;
      await tx`select pg_sleep(5)`;
    });
    await expect(slow).rejects.toMatchObject({ code: "unavailable", reason: "database.unavailable" });
    expect(await limits(app)).toEqual(["10s", "3s", "15s"]);
  });

  test("a note is written, told, delivered and counted: request, relay, queue and function share the connection", async () => {
    const plan = planOf(testCatalogue);
    const broker = await connectBroker("postgres:", { queues: plan.queues, sql: system });
    const pooled = await testHost(testCatalogue, { grants: { sql: app, system, clock: () => new Date() } });
    const { id: cidade_id } = await host.city();
    const camera_id = await host.camera(cidade_id);
    let connector: Connector | null = null;
    try {
      const frames = memoryFrames({ consumers: consumersOf(plan.frames) });
      const reach = hostReach(pooled.host);
      connector = await startConnector({ sql: system, broker, frames, plan, ...reach });
      const operator = await host.as(["recordings.manage", "recordings.view"], [cidade_id]);
      const authorization = operator.authorization;
      const notes = await Promise.all(
        Array.from({ length: 10 }, (_, n) =>
          pooled.anyone.post("/api/notes", { cidade_id, camera_id, text: `n${n}` }, { authorization }),
        ),
      );
      expect(notes.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 201));
      connector.wake();
      await eventually(
        "each is counted once and copied once",
        async () => {
          const { body } = await pooled.anyone.get(`/api/notes?cidade_id=${cidade_id}`, { authorization });
          const texts = (body.items as Note[]).map(({ text }) => text.replace(/^n\d/, ""));
          return texts.length === 10 && texts.every((text) => text === "+!" || text === "!+");
        },
        20_000,
      );
    } finally {
      await connector?.stop();
      await broker.close();
      await pooled.close();
    }
  });
});
