import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { withTenant } from "#lib/db/transaction.ts";
import { uuidv7 } from "#lib/ids.ts";
import { testDatabase, type TestDatabase } from "#test/harness/database.ts";
import { testHost } from "#test/harness/host.ts";
import { plateCity } from "#test/harness/plates.ts";
import { measureRoom } from "./outbox-room.ts";

const WATERMARK = 10;

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.close());

const write = (sql: TestDatabase["app"], events = 1): Promise<void> =>
  withTenant(sql, [], "write", async (tx) => {
    for (let event = 0; event < events; event++)
      await tx`insert into outbox (id, type, version, correlation_id, data) values (${uuidv7()}, 'a.b', 1, 'corr', '{}')`;
  });
const publish = (events: number) => db.owner`
  update outbox set published_at = now()
  where id in (select id from outbox where published_at is null order by id limit ${events})`;
const waiting = async (): Promise<number> => (await db.owner`select 1 from outbox where published_at is null`).length;

test("at the watermark what would cause an event is refused as a whole, until a fifth of it is free again", async () => {
  await write(db.app, WATERMARK);
  expect([await measureRoom(db.system, WATERMARK), await write(db.app)]).toEqual([null, undefined]);
  expect(await measureRoom(db.system, WATERMARK)).toEqual({ is_full: true });
  expect(await measureRoom(db.system, WATERMARK)).toBeNull();
  const refused = { code: "unavailable", reason: "outbox.full", retryAfterSeconds: 30 };
  await expect(write(db.app)).rejects.toMatchObject(refused);
  await expect(write(db.system, 3)).rejects.toMatchObject(refused);
  expect(await waiting()).toBe(WATERMARK + 1);

  await publish(2);
  expect(await measureRoom(db.system, WATERMARK)).toBeNull();
  await expect(write(db.app)).rejects.toMatchObject(refused);
  await publish(1);
  expect(await measureRoom(db.system, WATERMARK)).toEqual({ is_full: false });
  await write(db.app);
  expect(await waiting()).toBe(9);
});

test("what nobody is bound to takes no room", async () => {
  await db.owner`delete from outbox`;
  await write(db.app, WATERMARK + 1);
  await db.owner`update outbox set refused = 'No queue is bound to this type'`;
  expect(await measureRoom(db.system, WATERMARK)).toBeNull();
});

test("no city's login says that there is room", async () => {
  await expect(withTenant(db.app, [], "write", (tx) => tx`update outbox_room set is_full = false`)).rejects.toThrow(
    "permission denied",
  );
});

test("a camera is told to come again, and nothing of its post is kept, until there is room", async () => {
  const host = await testHost(catalogue);
  onTestFinished(() => host.close());
  const { camera } = await plateCity(host);
  const { system, owner } = host.database;
  const post = (plate: string) =>
    camera.post("/api/lpr/events", { plate, detected_at: host.clock().toISOString(), event_id: plate });
  const posts = async (): Promise<number> => (await owner`select 1 from raw_posts`).length;
  expect((await post("WXY1A00")).status).toBe(202);
  await measureRoom(system, 0);
  const refused = await post("WXY1A01");
  expect([refused.status, refused.headers.get("retry-after"), refused.body.reason, await posts()]).toEqual([
    503,
    "30",
    "outbox.full",
    1,
  ]);
  await measureRoom(system, WATERMARK * 10);
  expect([(await post("WXY1A01")).status, await posts()]).toEqual([202, 2]);
});
