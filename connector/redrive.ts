/**
 * For operators, on the machine of the database:
 *
 *   node connector/redrive.ts --queue streaming.cut-clip | --id ID | --all      dead letters back into their queues
 *   node connector/redrive.ts --list streaming.cut-clip                         what is dead, and why
 *   node connector/redrive.ts --replay --since TIME --until TIME [--type TYPE]  published events out once more
 */
import { parseArgs } from "node:util";
import * as z from "zod";
import { catalogue } from "#functions/catalogue.ts";
import type { Broker } from "#lib/broker/broker.ts";
import { connectBroker } from "#lib/broker/connect.ts";
import { connectSql, type Sql } from "#lib/db/connect.ts";
import { withTenant } from "#lib/db/transaction.ts";
import { readEnvironment } from "#lib/environment.ts";
import { writeAudit } from "#lib/function/audit.ts";
import { uuidv7 } from "#lib/ids.ts";
import { planOf } from "./plan.ts";
import { replay } from "./replay.ts";

const Environment = z.object({ SYSTEM_DATABASE_URL: z.url(), BROKER_URL: z.string().default("postgres:") });

const options = {
  queue: { type: "string" },
  id: { type: "string" },
  all: { type: "boolean" },
  list: { type: "string" },
  replay: { type: "boolean" },
  since: { type: "string" },
  until: { type: "string" },
  type: { type: "string" },
} as const;

const LISTED = 100;

/** Answers what to print. Throws with the usage where the arguments make no sense. */
export const operate = async (sql: Sql, broker: Broker, args: readonly string[]): Promise<string> => {
  const { values } = parseArgs({ args: [...args], options });
  const { queue, id, all, list, since, until, type } = values;
  if (list !== undefined) {
    const letters = await broker.deadLetters(list, LISTED);
    return letters.map((letter) => JSON.stringify({ ...letter, event: letter.event.id })).join("\n");
  }
  if (values.replay) {
    const window = { since: timeOf(since), until: timeOf(until), ...(type === undefined ? {} : { type }) };
    const count = await replay(sql, window);
    await audit(sql, "replay", { ...window, count });
    return `${count} events go out again`;
  }
  const which = all ? "all" : queue !== undefined ? { queue } : id !== undefined ? { id } : null;
  if (which === null) throw new Error("Say --queue NAME, --id ID, --all, --list QUEUE or --replay --since T --until T");
  const count = await broker.redrive(which);
  await audit(sql, "redrive", { which: typeof which === "string" ? which : { ...which }, count });
  return `${count} dead letters are back in their queues`;
};

const timeOf = (text: string | undefined): Date => {
  const time = new Date(text ?? "");
  if (Number.isNaN(time.getTime())) throw new Error("--since and --until are times like 2026-03-04T12:00:00Z");
  return time;
};

const audit = async (sql: Sql, action: string, details: Record<string, unknown>): Promise<void> => {
  const now = new Date();
  const caller = { kind: "system" as const, id: "operator", cities: "all" as const, permissions: [] };
  const note = { object_type: "queue", object_id: action, details };
  const row = { id: uuidv7(now), at: now, caller, action, note, address: "in-process", correlation_id: uuidv7(now) };
  await withTenant(sql, "all", "write", (tx) => writeAudit(tx, [{ ...row, result: "done" }]));
};

if (import.meta.main) {
  const environment = readEnvironment(Environment);
  const sql = connectSql(environment.SYSTEM_DATABASE_URL, { max: 2, application_name: "gt-vision redrive" });
  const broker = await connectBroker(environment.BROKER_URL, { queues: planOf(catalogue).queues, sql });
  try {
    process.stdout.write(`${await operate(sql, broker, process.argv.slice(2))}\n`);
  } finally {
    await broker.close();
    await sql.end({ timeout: 5 });
  }
}
