import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { withTenant } from "#lib/db/transaction.ts";
import { uuidv7 } from "#lib/ids.ts";
import { testDatabase, type TestDatabase } from "#test/harness/database.ts";
import { faultsOf } from "./row-security.ts";

let db: TestDatabase;
/** For what only a superuser could get wrong. */
let superuser: postgres.Sql;
beforeAll(async () => {
  db = await testDatabase();
  const url = new URL(inject("superuser_url"));
  url.pathname = `/${db.name}`;
  superuser = postgres(url.href, { max: 1, onnotice: () => {} });
});
afterAll(async () => {
  await superuser.end();
  await db.close();
});

class Undone extends Error {}
/** What the check finds after `statement`, which is taken back. */
const faultsAfter = async (statement: string): Promise<string[]> => {
  let found: string[] = [];
  await superuser
    .begin(async (tx) => {
      await tx.unsafe(statement);
      found = await faultsOf(tx);
      throw new Undone();
    })
    .catch((error: unknown) => {
      if (!(error instanceof Undone)) throw error;
    });
  return found;
};

test("every rule of who sees which rows holds", async () => {
  expect(await faultsOf(superuser)).toEqual([]);
});

test("no policy can be removed without a rule that sees it", async () => {
  const policies = await superuser<{ name: string; of: string }[]>`
    select policyname as name, tablename as of from pg_policies where schemaname = 'public' order by 2, 1`;
  expect(policies.length).toBeGreaterThan(60);
  const unseen: string[] = [];
  for (const { name, of } of policies) {
    const found = await faultsAfter(`drop policy "${name}" on "${of}"`);
    if (!found.some((fault) => fault.includes(of))) unseen.push(`${of}.${name}`);
  }
  expect(unseen).toEqual([]);
});

describe("the rules see", () => {
  const partition = (): string => `recording_segments_${new Date().toISOString().slice(0, 10).replaceAll("-", "")}`;
  test.each([
    ["policies switched off", "alter table gaps disable row level security", "gaps has no forced policies"],
    ["an owner past its policies", "alter table gaps no force row level security", "gaps has no forced policies"],
    ["a policy that shows everything", "alter policy city on gaps using (true)", "gaps.city shows"],
    ["a policy that lets write anywhere", "alter policy city on gaps with check (true)", "gaps.city shows"],
    [
      "a policy that shows rows where nobody named a city",
      "alter policy city on gaps using (cidade_id = any (gt_cities()) or coalesce(current_setting('app.cities', true), '') in ('', '*'))",
      "gaps.city shows",
    ],
    ["a policy for everybody", "create policy more on gaps using (true)", "is for everybody"],
    ["a new table without policies", "create table notes (cidade_id uuid, id uuid)", "notes has no forced policies"],
    ["a view with its owner's eyes", "create view peek as select * from gaps", "peek is a view"],
    ["a superuser that serves", "alter role gt_app superuser", "gt_app may do"],
    ["a login past every policy", "alter role gt_app bypassrls", "gt_app may do"],
    ["a login that is its owner too", "grant gt_owner to gt_app", "gt_app is a member"],
    ["a login that owns a table", "alter table gaps owner to gt_app", "gt_app owns gaps"],
    ["a partition with grants", () => `grant select on ${partition()} to gt_app`, "is a partition that can be reached"],
    [
      "partitions dropped by who may not",
      "grant execute on function gt_drop_partitions(text, date) to gt_app",
      "gt_drop_partitions changes",
    ],
    [
      "a caller's search path",
      "alter function gt_drop_partitions(text, date) reset search_path",
      "gt_drop_partitions runs",
    ],
  ])("%s", async (_, statement, fault) => {
    const found = await faultsAfter(typeof statement === "string" ? statement : statement());
    expect(found.filter((one) => one.includes(fault))).not.toEqual([]);
  });
});

test("a row of another city is neither seen, changed, deleted nor written by who named their own", async () => {
  const [own, other] = [uuidv7(), uuidv7()];
  await db.owner`insert into cidades (id, nome, estado, plano_retencao_dias) values (${own}, ${own}, 'SP', 7), (${other}, ${other}, 'SP', 7)`;
  for (const cidade_id of [own, other]) {
    await db.owner`insert into locais (cidade_id, id, nome) values (${cidade_id}, ${uuidv7()}, 'Praça')`;
  }
  const done = await withTenant(db.app, [own], "write", async (tx) => ({
    seen: (await tx`select 1 from locais`).length,
    changed: (await tx`update locais set nome = 'Ponte'`).count,
    deleted: (await tx`delete from locais`).count,
  }));
  expect(done).toEqual({ seen: 1, changed: 1, deleted: 1 });
  expect(await db.owner`select nome from locais where cidade_id = ${other}`).toEqual([{ nome: "Praça" }]);
  const write = withTenant(
    db.app,
    [own],
    "write",
    (tx) => tx`insert into locais (cidade_id, id, nome) values (${other}, ${uuidv7()}, 'Rua')`,
  );
  await expect(write).rejects.toThrow("row-level security");
});
