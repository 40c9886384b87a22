/** `npm run redrive`: for who operates the system. Dead letters are looked at, and put back into their queues. */
import { parseArgs } from "node:util";
import { catalogue } from "#functions/catalogue.ts";
import type { Broker, DeadLetter, Redriven } from "#lib/broker/broker.ts";
import { connectBroker } from "#lib/broker/connect.ts";
import { connectSql, type Sql } from "#lib/db/connect.ts";
import { withLongWork } from "./long-work.ts";
import { auditAct, findSystem, runCommand, WHERE } from "./operator.ts";
import { planOf } from "./plan.ts";

const help = `npm run redrive -- --list QUEUE     what is dead there, and why: a line of JSON each
npm run redrive -- --id ID          one dead letter back into its queue
npm run redrive -- --queue QUEUE    all of a queue
npm run redrive -- --all            all there are

    --reason TEXT   with --list and --queue: only those whose reason has this in it
    --dry-run       says how many they would be, and leaves them
${WHERE}

They are tried again from the first attempt. What had its effect already has none a second time.`;

const options = {
  queue: { type: "string" },
  id: { type: "string" },
  all: { type: "boolean" },
  list: { type: "string" },
  reason: { type: "string" },
  "dry-run": { type: "boolean" },
  data: { type: "string" },
  help: { type: "boolean", short: "h" },
} as const;

/** A list, and a dry run of a filter, look at so many of a queue at most. */
const LOOKED_AT = 10_000;

/** Answers what to print. Throws with the usage where the arguments make no sense. */
export const redrive = async (sql: Sql, broker: Broker, args: readonly string[]): Promise<string> => {
  const { values } = parseArgs({ args: [...args], options });
  const { queue, id, all, list, reason } = values;
  const named = [queue, id, all, list].filter((one) => one !== undefined).length;
  if (named !== 1 || (reason !== undefined && (queue ?? list) === undefined)) throw new Error(help);
  if (list !== undefined) {
    const letters = await lettersOf(broker, list, reason);
    return letters.map((letter) => JSON.stringify({ ...letter, event: letter.event.id })).join("\n");
  }
  const some = reason === undefined ? {} : { reason };
  const which = all ? ("all" as const) : queue !== undefined ? { queue, ...some } : { id: id! };
  if (values["dry-run"]) return `${await countDead(broker, which)} dead letters would go back`;
  const count = await broker.redrive(which);
  await auditAct(sql, "redrive", { which, count });
  return `${count} dead letters are back in their queues`;
};

const lettersOf = async (broker: Broker, queue: string, reason: string | undefined): Promise<DeadLetter[]> =>
  (await broker.deadLetters(queue, LOOKED_AT)).filter((letter) => letter.reason.includes(reason ?? ""));

const countDead = async (broker: Broker, which: Redriven): Promise<number> => {
  if (which !== "all" && "queue" in which && which.reason !== undefined)
    return (await lettersOf(broker, which.queue, which.reason)).length;
  const depths = (await broker.depths()).filter(({ dead }) => dead > 0);
  if (which !== "all" && "id" in which) {
    const letters = await Promise.all(depths.map(({ queue }) => lettersOf(broker, queue, undefined)));
    return letters.flat().filter(({ id }) => id === which.id).length;
  }
  const asked = depths.filter(({ queue }) => which === "all" || queue === which.queue);
  return asked.reduce((sum, { dead }) => sum + dead, 0);
};

const main = async (): Promise<string> => {
  const args = process.argv.slice(2);
  const { values } = parseArgs({ args, options });
  if (values.help) return help;
  const { database_url, broker_url } = findSystem(values.data);
  const { queues } = planOf(catalogue);
  const sql = connectSql(database_url, { max: 2, application_name: "gt-vision redrive" });
  const broker = await connectBroker(broker_url, { queues, sql });
  const whole = await withLongWork(broker, { sql, queues });
  try {
    return await redrive(sql, whole, args);
  } finally {
    await whole.close();
    await broker.close();
    await sql.end({ timeout: 5 });
  }
};

if (import.meta.main) await runCommand(main);
