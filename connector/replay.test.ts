import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { uuidv7 } from "#lib/ids.ts";
import { testDatabase, type TestDatabase } from "#test/harness/database.ts";
import { replayAsTold } from "./replay.ts";

const HOUR_MS = 3_600_000;
const now = new Date();
const before = (hours: number): Date => new Date(now.getTime() - hours * HOUR_MS);

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.close());
beforeEach(() => db.owner`truncate outbox, audit_log`);

const published = async (type: string, hours: number): Promise<void> => {
  await db.owner`
    insert into outbox (id, type, version, correlation_id, data, published_at)
    values (${uuidv7(before(hours))}, ${type}, 1, 'c', '{}', now())`;
};
const run = (...args: string[]): Promise<string> => replayAsTold(db.system, args, now);
const waiting = async (): Promise<string[]> => {
  const rows = await db.owner<{ type: string }[]>`select type from outbox where published_at is null order by id`;
  return rows.map(({ type }) => type);
};

test("published events of a window go out once more, and the act is in the audit trail", async () => {
  for (const hours of [20, 5, 3, 1]) await published(`at.${hours}`, hours);
  const window = ["--since", before(6).toISOString(), "--until", before(2).toISOString()];
  expect(await run(...window)).toBe("2 events go out again");
  expect(await waiting()).toEqual(["at.5", "at.3"]);
  expect(await db.owner`select action, details from audit_log`).toMatchObject([
    { action: "replay", details: { since: before(6).toISOString(), until: before(2).toISOString(), count: 2 } },
  ]);
});

test("without an end they go out until now, and of one type if so told", async () => {
  await published("a.b", 3);
  await published("x.y", 3);
  expect(await run("--since", "1970-01-01T00:00:00Z", "--type", "a.b")).toBe("1 events go out again");
  expect(await waiting()).toEqual(["a.b"]);
});

test("a dry run says how many they would be, sends nothing and leaves no trace", async () => {
  await published("a.b", 3);
  await published("x.y", 30);
  expect(await run("--since", before(48).toISOString(), "--dry-run")).toBe("2 events would go out again");
  expect(await run("--since", before(48).toISOString(), "--type", "a.b", "--dry-run")).toBe(
    "1 events would go out again",
  );
  expect(await waiting()).toEqual([]);
  expect(await db.owner`select 1 from audit_log`).toEqual([]);
});

test("what waits to be published for the first time is not counted as going out again", async () => {
  await db.owner`
    insert into outbox (id, type, version, correlation_id, data) values (${uuidv7(before(1))}, 'a.b', 1, 'c', '{}')`;
  expect(await run("--since", before(2).toISOString())).toBe("0 events go out again");
});

test("arguments that make no sense are refused with what to say instead", async () => {
  await expect(run()).rejects.toThrow("npm run replay -- --since TIME");
  await expect(run("--since", "yesterday")).rejects.toThrow("npm run replay -- --since TIME");
});
