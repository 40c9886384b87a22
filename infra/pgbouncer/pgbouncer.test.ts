/** The file of a deployment, with the addresses of this run in the place of its own. */
import { chownSync, readFileSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { connectSql } from "#lib/db/connect.ts";
import { testDatabase, throughPool } from "#test/harness/database.ts";
import { passwords } from "#test/harness/global-setup.ts";
import { findServer } from "#test/harness/servers/available.ts";
import { freePorts, startProgram, temporaryFolder } from "#test/harness/servers/process.ts";
import { isMissing, serverFor, titled } from "#test/harness/servers/use.ts";

const NOBODY = 65_534;
const told = await serverFor("pgbouncer");

describe.skipIf(isMissing(told))(titled("the file of a deployment", "pgbouncer", told), () => {
  test("is understood, and both logins work through it in transaction mode", async () => {
    const db = await testDatabase();
    const folder = temporaryFolder("pgbouncer-ini");
    const [port = 0] = await freePorts(1);
    const { hostname, port: upstream } = new URL(db.urls.owner);
    const ours: Record<string, string> = {
      gt_vision: `host=${hostname} port=${upstream} dbname=${db.name}`,
      listen_addr: "127.0.0.1",
      listen_port: String(port),
      auth_file: join(folder.path, "users.txt"),
    };
    const text = readFileSync(join(import.meta.dirname, "pgbouncer.ini"), "utf8");
    const lines = text.split("\n").map((line) => {
      const name = line.split(" = ")[0] ?? "";
      return ours[name] === undefined ? line : `${name} = ${ours[name]}`;
    });
    const config = join(folder.path, "pgbouncer.ini");
    writeFileSync(config, lines.join("\n"));
    writeFileSync(ours["auth_file"]!, `"gt_app" "${passwords.gt_app}"\n"gt_system" "${passwords.gt_system}"\n`);
    const isRoot = process.getuid?.() === 0;
    if (isRoot) for (const path of [folder.path, config, ours["auth_file"]!]) chownSync(path, NOBODY, NOBODY);
    const found = await findServer("pgbouncer", () => undefined);
    const server = await startProgram({
      name: "PgBouncer",
      command: "binary" in found ? found.binary : "",
      args: [config],
      ...(isRoot ? { uid: NOBODY } : {}),
      ready: async () => {
        const socket = createConnection(port, "127.0.0.1");
        await once(socket, "connect").finally(() => socket.destroy());
      },
      ready_ms: 20_000,
      end: "SIGINT",
    });
    try {
      for (const [login, url] of Object.entries({ gt_app: db.urls.app, gt_system: db.urls.system })) {
        const pooled = new URL(throughPool(url, port));
        pooled.pathname = "/gt_vision";
        const sql = connectSql(pooled.href, { max: 2 });
        expect(await sql`select current_user::text as login`).toEqual([{ login }]);
        await sql.end({ timeout: 1 });
      }
      expect(text).toMatch(/^pool_mode = transaction$/m);
      expect(server.words()).not.toMatch(/WARNING|ERROR|FATAL/);
    } finally {
      await server.stop();
      folder.remove();
      await db.close();
    }
  });
});
