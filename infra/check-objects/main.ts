/**
 * `npm run check-objects`: do rows and objects agree? Reads both, changes nothing; ends with 1 when something is wrong.
 * Young objects without a row are only counted: their agents report them, their messages are delivered again.
 */
import { parseArgs } from "node:util";
import * as z from "zod";
import { runningOn } from "#connector/operator.ts";
import { connectSql } from "#lib/db/connect.ts";
import { readEnvironment } from "#lib/environment.ts";
import { connectObjects } from "#lib/object-store/connect.ts";
import { readMaterial } from "#lib/secrets/files.ts";
import { keysFrom } from "#lib/secrets/key-rings.ts";
import { objectsUrl } from "#infra/s3/objects-url.ts";
import { compare, type Kind, type Looking } from "./compare.ts";
import { sectionsOf } from "./expected.ts";

const HELP = `npm run check-objects [-- --read] [--grace-hours N] [--data FOLDER]

  --read            reads every object and compares its SHA-256
  --grace-hours N   how long an object may be without a row; default 24
  --data FOLDER     of the system that \`npm start\` runs there; default ./data

Environment, for any other: SYSTEM_DATABASE_URL, SECRETS_DIR, and OBJECTS_URL where it is not a file of SECRETS_DIR.
`;

const HOUR_MS = 3_600_000;

const environmentOf = (data: string | undefined) => {
  const SYSTEM_DATABASE_URL = z.url();
  if (readEnvironment(z.object({ SYSTEM_DATABASE_URL: SYSTEM_DATABASE_URL.optional() })).SYSTEM_DATABASE_URL)
    return readEnvironment(
      z.object({ SYSTEM_DATABASE_URL, SECRETS_DIR: z.string(), OBJECTS_URL: z.string().optional() }),
    );
  const { system_database_url, objects_url, secrets_dir } = runningOn(data);
  return { SYSTEM_DATABASE_URL: system_database_url, OBJECTS_URL: objects_url, SECRETS_DIR: secrets_dir };
};

const main = async (read: boolean, grace_hours: number, data: string | undefined): Promise<boolean> => {
  const environment = environmentOf(data);
  const keys = keysFrom(await readMaterial(environment.SECRETS_DIR));
  const say = (line: string): void => console.error(line);
  const objects = await connectObjects(await objectsUrl(environment), { keys, say });
  const sql = connectSql(environment.SYSTEM_DATABASE_URL, { max: 2, application_name: "gt-vision check-objects" });
  const totals = { rows: 0, objects: 0 };
  const looking: Looking = { objects, now: () => new Date(), grace_ms: grace_hours * HOUR_MS, read, totals };
  const found = new Map<Kind, number>();
  try {
    for await (const section of sectionsOf(sql)) {
      for await (const { kind, bucket, key } of compare(looking, section)) {
        found.set(kind, (found.get(kind) ?? 0) + 1);
        if (kind !== "waiting") console.log(`${kind} ${bucket}/${key}`);
      }
    }
  } finally {
    await sql.end({ timeout: 2 });
    await objects.close();
  }
  const faults = [...found]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([kind, count]) => `, ${count} ${kind}`)
    .join("");
  console.log(`${totals.rows} rows, ${totals.objects} objects${faults}`);
  return [...found.keys()].every((kind) => kind === "waiting");
};

const { values } = parseArgs({
  options: {
    read: { type: "boolean", default: false },
    "grace-hours": { type: "string", default: "24" },
    data: { type: "string" },
    help: { type: "boolean", short: "h", default: false },
  },
});
if (values.help) console.log(HELP);
else {
  try {
    process.exitCode = (await main(values.read, Number(values["grace-hours"]), values.data)) ? 0 : 1;
  } catch (error) {
    console.error(error instanceof Error ? error.message : "failed");
    process.exitCode = 2;
  }
}
