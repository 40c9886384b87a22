/** `npm run link`: another one-time link, for who sits at the machine. The system must be running. */
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import * as z from "zod";
import { linkPath } from "#functions/admin/contract.ts";
import { issueFirstLink, issueResetLink } from "#functions/admin/links.ts";
import { connectSql } from "#lib/db/connect.ts";
import { withTenant } from "#lib/db/transaction.ts";
import { uuidv7 } from "#lib/ids.ts";

const help = `npm run link                          another link for the first sign-in (while nobody has signed in)
npm run link -- --email E             a link to set a new password for that user
npm run link -- --data FOLDER         of another data folder than ./data

The link works once, for 24 hours. GT-Vision must be running.`;

const Running = z.object({ url: z.url(), system_database_url: z.string() });

const main = async (): Promise<void> => {
  const { values } = parseArgs({
    options: {
      email: { type: "string" },
      data: { type: "string", default: join(import.meta.dirname, "..", "..", "data") },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return say(help);
  const file = join(resolve(values.data), "run", "running.json");
  if (!existsSync(file)) throw new Error("GT-Vision is not running on this data folder. Start it with: npm start");
  const running = Running.parse(JSON.parse(readFileSync(file, "utf8")));
  const sql = connectSql(running.system_database_url, { max: 1 });
  try {
    const now = new Date();
    const secret = await withTenant(sql, "all", "write", (tx) =>
      values.email === undefined
        ? issueFirstLink(tx, uuidv7(now), now)
        : issueResetLink(tx, uuidv7(now), values.email, now),
    );
    if (secret === null) {
      throw new Error(
        values.email === undefined
          ? "Somebody has signed in already. For a user who lost the password: npm run link -- --email THEIR-E-MAIL"
          : "No active user has this e-mail address.",
      );
    }
    const page = values.email === undefined ? "first-access" : "new-password";
    say(`Works once, for 24 hours:\n${running.url}${linkPath(page, secret)}`);
  } finally {
    await sql.end({ timeout: 2 });
  }
};

const say = (line: string): void => void process.stdout.write(`${line}\n`);

main().catch((error: unknown) => {
  process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n\n`);
  process.exitCode = 1;
});
