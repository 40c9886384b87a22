import { afterAll, beforeAll, expect, test } from "vitest";
import { withTenant } from "#lib/db/transaction.ts";
import { loadSegments, SEGMENTS_A_DAY, type Loaded } from "#test/bench/segments-load.ts";
import { daysRead, measureSegments } from "#test/bench/segments-measure.ts";
import { testDatabase, type TestDatabase } from "#test/harness/database.ts";

let db: TestDatabase;
let loaded: Loaded;
beforeAll(async () => {
  db = await testDatabase();
  loaded = await loadSegments(db.urls, { cameras: 4, cities: 2, days: 2 }, new Date());
  await db.owner`analyze recording_segments`;
});
afterAll(() => db.close());

test("a camera's day and each step of a retention run read one partition a day", async () => {
  expect(loaded.rows).toBe(4 * 2 * SEGMENTS_A_DAY);
  const measured = await measureSegments(db.urls, loaded, 3);
  expect(measured.map(({ what, days }) => `${what}: ${days}`).filter((line) => !line.endsWith(": 1"))).toEqual([]);
  expect(measured).toHaveLength(6);
});

test("the count of days read sees a statement that does not say its days", async () => {
  const camera_id = loaded.cameras[0]?.camera_id ?? "";
  const read = await daysRead(
    db.app,
    (tx) => tx`select count(fragments) from recording_segments where camera_id = ${camera_id}`,
  );
  expect(read).toBeGreaterThan(30);
});

test("what was measured was deleted, and nothing else", async () => {
  const [own, ...others] = await withTenant(
    db.app,
    "all",
    "read",
    (tx) => tx<{ cidade_id: string; day: string; count: number }[]>`
      select cidade_id, (captured_at at time zone 'UTC')::date::text as day, count(*)::int as count from recording_segments
      group by 1, 2 order by cidade_id = ${loaded.cameras[0]?.cidade_id ?? ""} desc, 2`,
  );
  expect(own).toMatchObject({ day: loaded.days[0], count: 2 * SEGMENTS_A_DAY - 3 * 200 });
  expect(others.map(({ count }) => count)).toEqual([1, 2, 3].map(() => 2 * SEGMENTS_A_DAY));
});
