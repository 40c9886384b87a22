/** A database that an earlier version made goes on with what it holds. */
import { randomBytes } from "node:crypto";
import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { connectSql } from "#lib/db/connect.ts";
import { migrate } from "#lib/db/migrate.ts";
import { uuidv7 } from "#lib/ids.ts";
import { passwords } from "#test/harness/global-setup.ts";

const migrations = join(import.meta.dirname, "../../migrations");
const name = `gt_${randomBytes(8).toString("hex")}`;
let superuser: postgres.Sql;
let earlier: string;
let url: string;
beforeAll(async () => {
  superuser = postgres(inject("superuser_url"), { max: 1, onnotice: () => {} });
  await superuser.unsafe(`create database ${name} owner gt_owner template template0`);
  const made = new URL(inject("superuser_url"));
  [made.pathname, made.username, made.password] = [`/${name}`, "gt_owner", passwords.gt_owner];
  url = made.href;
  earlier = mkdtempSync(join(tmpdir(), "gt-migrations-"));
});
afterAll(async () => {
  await superuser.unsafe(`drop database if exists ${name} with (force)`);
  await superuser.end();
  rmSync(earlier, { recursive: true });
});

test("an audit trail by days is one by months afterwards, with every row and the months to come", async () => {
  for (const file of readdirSync(migrations)) if (file < "0007") cpSync(join(migrations, file), join(earlier, file));
  await migrate(url, earlier);
  const owner = connectSql(url, { max: 1 });
  const DAY_MS = 86_400_000;
  const times = [0, 3, 20].map((days) => new Date(Date.now() - days * DAY_MS));
  for (const at of times) {
    await owner`insert into audit_log (id, at, actor_kind, actor_id, action, result, correlation_id)
      values (${uuidv7()}, ${at}, 'user', 'x', 'x', 'done', 'c')`;
  }
  expect(await migrate(url, migrations)).toContain("old-days");
  const rows = await owner<{ at: Date; partition: string }[]>`
    select at, tableoid::regclass::text as partition from audit_log order by at desc`;
  expect(rows.map(({ at }) => at)).toEqual(times);
  for (const { at, partition } of rows)
    expect(partition).toBe(`audit_log_${at.toISOString().slice(0, 7).replace("-", "")}`);
  const next = new Date(Date.now() + 8 * DAY_MS).toISOString().slice(0, 7);
  const [last] = await owner<{ day: string }[]>`select max(day)::text as day from gt_partition_days('audit_log')`;
  expect(last?.day).toBe(`${next}-01`);
  expect(await owner`select 1 from pg_class where relname like 'audit_log_by_day%'`).toEqual([]);
  await owner.end();
});
