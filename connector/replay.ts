/**
 * `npm run replay`: for who operates the system. Publishes again what is still in the outbox, e.g. after a broker lost what it
 * had confirmed.
 */
import { parseArgs } from "node:util";
import { connectSql, type Sql } from "#lib/db/connect.ts";
import { timeOf } from "#lib/ids.ts";
import { auditAct, findSystem, runCommand, WHERE } from "./operator.ts";

const help = `npm run replay -- --since TIME      events published since then go out once more

    --until TIME    and written before then (default: now); times like 2026-03-04T12:00:00Z
    --type TYPE     only of this type, e.g. clip.requested
    --dry-run       says how many they would be, and leaves them
${WHERE}

Events are kept for at least a day after they were published. What had its effect already has none a second time.`;

const options = {
  since: { type: "string" },
  until: { type: "string" },
  type: { type: "string" },
  "dry-run": { type: "boolean" },
  data: { type: "string" },
  help: { type: "boolean", short: "h" },
} as const;

/** By the time of writing, which is in the id. */
export type Window = { since: Date; until: Date; type?: string };

/** A transaction each: a day of a large city is more than a statement may take. */
const STEP_MS = 900_000;

/** Answers how many will go out again. The inbox keeps their effects from happening twice. */
export const replay = (sql: Sql, window: Window): Promise<number> =>
  inSteps(sql, window, async (chosen) => {
    const again = await sql`update outbox set published_at = null, refused = null where ${where(sql, chosen)}`;
    return again.count;
  });

const countPublished = (sql: Sql, window: Window): Promise<number> =>
  inSteps(sql, window, async (chosen) => {
    const [row] = await sql<{ count: number }[]>`select count(*)::int as count from outbox where ${where(sql, chosen)}`;
    return row?.count ?? 0;
  });

const where = (sql: Sql, { since, until, type }: Window) => sql`
  id >= ${firstIdOf(since)} and id < ${firstIdOf(until)} and (published_at is not null or refused is not null)
  ${type === undefined ? sql`` : sql`and type = ${type}`}`;

const inSteps = async (sql: Sql, window: Window, step: (chosen: Window) => Promise<number>): Promise<number> => {
  const [oldest] = await sql<{ id: string }[]>`select id from outbox order by id limit 1`;
  if (!oldest) return 0;
  let count = 0;
  const first = Math.max(window.since.getTime(), timeOf(oldest.id).getTime());
  for (let from = first; from < window.until.getTime(); from += STEP_MS) {
    const until = new Date(Math.min(from + STEP_MS, window.until.getTime()));
    count += await step({ ...window, since: new Date(from), until });
  }
  return count;
};

/** The smallest UUIDv7 of an instant. */
const firstIdOf = (instant: Date): string => {
  const time = instant.getTime().toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-0000-0000-000000000000`;
};

/** Answers what to print. Throws with the usage where the arguments make no sense. */
export const replayAsTold = async (sql: Sql, args: readonly string[], now: Date): Promise<string> => {
  const { values } = parseArgs({ args: [...args], options });
  const [since, until] = [instantOf(values.since), values.until === undefined ? now : instantOf(values.until)];
  const window = { since, until, ...(values.type === undefined ? {} : { type: values.type }) };
  if (values["dry-run"]) return `${await countPublished(sql, window)} events would go out again`;
  const count = await replay(sql, window);
  await auditAct(sql, "replay", { ...window, count });
  return `${count} events go out again`;
};

const instantOf = (text: string | undefined): Date => {
  const time = new Date(text ?? "");
  if (Number.isNaN(time.getTime())) throw new Error(help);
  return time;
};

const main = async (): Promise<string> => {
  const args = process.argv.slice(2);
  const { values } = parseArgs({ args, options });
  if (values.help) return help;
  const sql = connectSql(findSystem(values.data).database_url, { max: 1, application_name: "gt-vision replay" });
  try {
    return await replayAsTold(sql, args, new Date());
  } finally {
    await sql.end({ timeout: 5 });
  }
};

if (import.meta.main) await runCommand(main);
