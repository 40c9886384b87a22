import { afterAll, beforeAll, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { uuidv7 } from "#lib/ids.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";

const DAY_MS = 86_400_000;
let host: TestHost;
const time = { now: Date.now() };
beforeAll(async () => {
  host = await testHost(catalogue, { grants: { clock: () => new Date(time.now) } });
});
afterAll(() => host.close());

test("sessions with their tickets, and links, go a month after their end; a living session goes on", async () => {
  const { owner } = host.database;
  const old = await host.as(["live.view"]);
  await old.post("/api/sessions/socket-ticket", {});
  await owner`
    insert into one_time_links (id, kind, secret_hash, expires_at) values (${uuidv7()}, 'invitation', 'old', ${new Date(time.now - 1)})`;
  time.now += 30 * DAY_MS;
  const young = await host.as(["live.view"]);
  await owner`
    insert into one_time_links (id, kind, secret_hash, expires_at) values (${uuidv7()}, 'invitation', 'young', ${new Date(time.now)})`;
  const left = async () => ({
    sessions: (await owner<{ id: string }[]>`select id from sessions order by created_at`).map(({ id }) => id),
    links: (await owner<{ secret_hash: string }[]>`select secret_hash from one_time_links`).map(
      (row) => row.secret_hash,
    ),
  });
  const run = () => host.host.runCron("delete-ended-sessions", new Date(time.now));
  expect(await run()).toEqual({ done: true });
  // The session lasted for 12 hours more than the link.
  expect(await left()).toEqual({ sessions: [old.session_id, young.session_id], links: ["young"] });
  time.now += 13 * 3_600_000;
  expect(await run()).toEqual({ done: true });
  expect(await left()).toEqual({ sessions: [young.session_id], links: ["young"] });
});
