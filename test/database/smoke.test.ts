import { afterAll, beforeAll, expect, test } from "vitest";
import { withTenant } from "#lib/db/transaction.ts";
import { testDatabase, type TestDatabase } from "#test/harness/database.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.close());

test("a transaction that names its city sees that city and no other", async () => {
  const [a, b] = [crypto.randomUUID(), crypto.randomUUID()];
  await withTenant(db.app, "all", "write", async (tx) => {
    await tx`insert into cidades (id, nome, estado, plano_retencao_dias) values (${a}, 'A', 'SP', 7), (${b}, 'B', 'SP', 7)`;
  });
  const seen = await withTenant(db.app, [a], "read", (tx) => tx<{ nome: string }[]>`select nome from cidades`);
  expect(seen.map(({ nome }) => nome)).toEqual(["A"]);
  expect(await db.app`select nome from cidades`).toEqual([]);
});
