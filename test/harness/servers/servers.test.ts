import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { expect, test } from "vitest";
import { testDatabase } from "#test/harness/database.ts";
import { findServer } from "./available.ts";
import { isMissing, present, serverFor, titled } from "./use.ts";

const redis = await serverFor("redis");
const pgbouncer = await serverFor("pgbouncer");

test.skipIf(isMissing(redis))(titled("a server is started once, whoever asks", "redis", redis), async () => {
  const [first, second] = [present(redis), present(await serverFor("redis"))];
  expect(second.url).toBe(first.url);
  expect(second.turn).not.toBe(first.turn);
});

test.skipIf(isMissing(pgbouncer))(
  titled("PgBouncer signs in to the database behind it with the login it was given", "pgbouncer", pgbouncer),
  async () => {
    const db = await testDatabase();
    const url = new URL(db.urls.app);
    url.port = String(present(pgbouncer).port);
    const sql = postgres(url.href, { max: 1 });
    const [row] = await sql`select current_user::text as login, current_database()::text as name`;
    expect(row).toEqual({ login: "gt_app", name: db.name });
    await sql.end();
    await db.close();
  },
);

test("what is neither there nor may be installed is missing, with the reason", async () => {
  const said: string[] = [];
  const found = await findServer("minio", (line) => void said.push(line), {
    PATH: "/nowhere",
    GT_SERVERS: "/nowhere",
    GT_INSTALL: "no",
  });
  expect(found).toEqual({ missing: "minio is not there and GT_INSTALL=no" });
  expect(titled("objects: minio", "minio", { missing: "…" })).toBe("objects: minio (without minio)");
  expect(said).toEqual([]);
});

test("a program that was built earlier is found in its folder", async () => {
  const folder = mkdtempSync(join(tmpdir(), "gt-servers-"));
  const program = join(folder, "minio");
  writeFileSync(program, "#!/bin/sh\n");
  chmodSync(program, 0o755);
  const found = await findServer("minio", () => undefined, { PATH: "/nowhere", GT_SERVERS: folder, GT_INSTALL: "no" });
  expect(found).toEqual({ binary: program });
  rmSync(folder, { recursive: true });
});
