/** What the commands of operators share: where the system is, and that what they did is in the audit trail. */
import { existsSync, readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join, resolve } from "node:path";
import * as z from "zod";
import type { Sql } from "#lib/db/connect.ts";
import { withTenant } from "#lib/db/transaction.ts";
import { readEnvironment } from "#lib/environment.ts";
import { writeAudit } from "#lib/function/audit.ts";
import { uuidv7 } from "#lib/ids.ts";

const Environment = z.object({ SYSTEM_DATABASE_URL: z.url().optional(), BROKER_URL: z.string().optional() });
const Running = z.object({
  url: z.string(),
  /** Of the certificate at `url`, where it is one of the installation's own. */
  authority_file: z.string().nullable(),
  system_database_url: z.string(),
  broker_url: z.string(),
  objects_url: z.string(),
  secrets_dir: z.string(),
});

export type SystemAddresses = { database_url: string; broker_url: string };

export const WHERE = `    --data FOLDER   of the system that \`npm start\` runs there (default: ./data);
                    SYSTEM_DATABASE_URL and BROKER_URL name any other`;

export const findSystem = (data = join(import.meta.dirname, "..", "data")): SystemAddresses => {
  const { SYSTEM_DATABASE_URL, BROKER_URL } = readEnvironment(Environment);
  if (SYSTEM_DATABASE_URL !== undefined)
    return { database_url: SYSTEM_DATABASE_URL, broker_url: BROKER_URL ?? "postgres:" };
  const { system_database_url, broker_url } = runningOn(data);
  return { database_url: system_database_url, broker_url };
};

/** What `npm start` says of the system that it runs there. */
export const runningOn = (data = join(import.meta.dirname, "..", "data")): z.infer<typeof Running> => {
  const file = join(resolve(data), "run", "running.json");
  if (!existsSync(file))
    throw new Error("GT-Vision is not running on this data folder, and SYSTEM_DATABASE_URL names no other database.");
  return Running.parse(JSON.parse(readFileSync(file, "utf8")));
};

/** `by`: who sits at the machine. */
export const auditAct = async (
  sql: Sql,
  action: string,
  details: Record<string, unknown>,
  object_type: "queue" | "frame" = "queue",
): Promise<void> => {
  const now = new Date();
  const caller = { kind: "system" as const, id: "operator", cities: "all" as const, permissions: [] };
  const note = { object_type, object_id: action, details: { ...details, by: userInfo().username } };
  const row = { id: uuidv7(now), at: now, caller, action, note, address: "in-process", correlation_id: uuidv7(now) };
  await withTenant(sql, "all", "write", (tx) => writeAudit(tx, [{ ...row, result: "done" }]));
};

/** One line on the error's stream, and a status that says so. */
export const runCommand = async (command: () => Promise<string>): Promise<void> => {
  try {
    process.stdout.write(`${await command()}\n`);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
};
