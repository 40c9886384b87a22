import { afterAll, beforeAll, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { uuidv7 } from "#lib/ids.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";

const HOUR_MS = 3_600_000;
let host: TestHost;
const time = { now: Date.now() };
beforeAll(async () => {
  host = await testHost(catalogue, { grants: { clock: () => new Date(time.now) } });
});
afterAll(() => host.close());

test("an answer is given again for two days, and then it is forgotten", async () => {
  const city = await host.city();
  const make = async () => {
    // A session is shorter than that: the user signs in again, and is the same caller.
    const { token } = await host.keys.signAccessToken({ sub: manager.id, sid: manager.session_id, sv: 1 });
    return manager.post(
      "/api/watchlists",
      { cidade_id: city.id, nome: "Furtados" },
      {
        "idempotency-key": key,
        authorization: `Bearer ${token}`,
      },
    );
  };
  const manager = await host.as(["watchlists.manage"], [city.id]);
  const key = uuidv7();
  await host.database.owner`update sessions set expires_at = ${new Date(time.now + 100 * HOUR_MS)}`;
  const first = await make();
  expect(first.status).toBe(201);
  time.now += 47 * HOUR_MS;
  expect(await host.host.runCron("forget-answers", new Date(time.now))).toEqual({ done: true });
  expect(await make()).toMatchObject({ status: 201, body: first.body });
  time.now += 2 * HOUR_MS;
  expect(await host.host.runCron("forget-answers", new Date(time.now))).toEqual({ done: true });
  expect(await host.database.owner`select 1 from idempotency_keys`).toEqual([]);
});

test("more than a batch is forgotten at once", async () => {
  await host.database.owner`
    insert into idempotency_keys (caller_id, key, function, request_hash, created_at)
    select 'user:x', n::text, 'f', 'h', ${new Date(time.now - 49 * HOUR_MS)} from generate_series(1, 5001) n`;
  expect(await host.host.runCron("forget-answers", new Date(time.now))).toEqual({ done: true });
  expect(await host.database.owner`select 1 from idempotency_keys`).toEqual([]);
});
