/** The database of a running system, for what no API tells. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import postgres from "postgres";
import type { Sql } from "#lib/db/connect.ts";
import type { RunningSystem } from "./system.ts";

export const lookInside = async <R>(
  system: Pick<RunningSystem, "data">,
  look: (sql: Sql) => Promise<R>,
): Promise<R> => {
  const passwords = JSON.parse(readFileSync(join(system.data, "secrets", "database.json"), "utf8")) as {
    gt_owner: string;
  };
  const port = readFileSync(join(system.data, "postgres.port"), "utf8");
  const sql = postgres(`postgres://gt_owner:${passwords.gt_owner}@127.0.0.1:${port}/gt_vision`, {
    max: 1,
    onnotice: () => {},
  });
  try {
    return await look(sql);
  } finally {
    await sql.end({ timeout: 2 });
  }
};
