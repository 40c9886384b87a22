/** The database of one machine: server, logins, tables. */
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { connectSql } from "#lib/db/connect.ts";
import { migrate } from "#lib/db/migrate.ts";
import { ensureLogins } from "#lib/db/logins.ts";
import type { DataFolder } from "./data-folder.ts";
import { keepPostgres, type KeptPostgres } from "./kept-postgres.ts";
import type { Addresses } from "./servers.ts";
import type { DatabaseUrls } from "./urls.ts";

const DATABASE = "gt_vision";
const Passwords = z.object({
  superuser: z.string(),
  gt_owner: z.string(),
  gt_app: z.string(),
  gt_system: z.string(),
  gt_backup: z.string(),
});
type Passwords = z.infer<typeof Passwords>;

/** `server`: where it is this machine's own. */
export type LocalDatabase = { server: KeptPostgres | null; urls: DatabaseUrls };

/** Brings the tables to this program's version, on the server that was named or on one of its own. */
export const openDatabase = async (
  folder: DataFolder,
  addresses: Addresses,
  root: string,
  say: (line: string) => void,
): Promise<LocalDatabase> => {
  const named = namedDatabase(addresses);
  if (!named) return ownDatabase(folder, root, say);
  const { SUPERUSER_DATABASE_URL } = addresses;
  if (SUPERUSER_DATABASE_URL) await makeLogins(SUPERUSER_DATABASE_URL, named, readPasswords(folder.secrets).gt_backup);
  await bringUpToDate(named, folder, root, say);
  return { server: null, urls: named };
};

const namedDatabase = (addresses: Addresses): DatabaseUrls | null => {
  const { DATABASE_URL: app, SYSTEM_DATABASE_URL: system, OWNER_DATABASE_URL: owner } = addresses;
  return app && system && owner ? { app, system, owner } : null;
};

/** With the passwords that the addresses carry. */
const makeLogins = (superuser_url: string, urls: DatabaseUrls, gt_backup: string): Promise<void> => {
  const passwordOf = (url: string): string => decodeURIComponent(new URL(url).password);
  const [gt_owner, gt_app, gt_system] = [urls.owner, urls.app, urls.system].map(passwordOf) as [string, string, string];
  const database = new URL(urls.owner).pathname.slice(1);
  return ensureLogins(superuser_url, database, { gt_owner, gt_app, gt_system, gt_backup });
};

const bringUpToDate = async (
  urls: DatabaseUrls,
  folder: DataFolder,
  root: string,
  say: (line: string) => void,
): Promise<void> => {
  const applied = await migrate(urls.owner, join(root, "migrations"));
  if (applied.length > 0) say(`Database: ${applied.length} migrations applied.`);
  await rememberInstallation(urls.system, folder.installation.id);
};

const ownDatabase = async (folder: DataFolder, root: string, say: (line: string) => void): Promise<LocalDatabase> => {
  const passwords = readPasswords(folder.secrets);
  const server = await keepPostgres(
    { dataDir: join(folder.root, "postgres"), password: passwords.superuser, durable: true, say },
    {
      onRestart: () => say("postgres has ended; it is started again."),
      onFailure: (why) => say(`postgres cannot be started and is tried again: ${why}`),
    },
  );
  try {
    await ensureLogins(server.superuser_url, DATABASE, passwords);
    const url = (user: keyof Omit<Passwords, "superuser">): string => {
      const made = new URL(server.superuser_url);
      [made.pathname, made.username, made.password] = [`/${DATABASE}`, user, passwords[user]];
      return made.href;
    };
    const urls = { app: url("gt_app"), system: url("gt_system"), owner: url("gt_owner") };
    await bringUpToDate(urls, folder, root, say);
    return { server, urls };
  } catch (error) {
    await server.stop();
    throw error;
  }
};

const rememberInstallation = async (system_url: string, id: string): Promise<void> => {
  const sql = connectSql(system_url, { max: 1 });
  try {
    await sql`insert into installation (id) values (${id}) on conflict do nothing`;
    const [found] = await sql<{ id: string }[]>`select id from installation`;
    if (found?.id !== id) {
      throw new Error(
        "This data folder and its database belong to different installations (installation.json says one, the database another). Restore both from the same backup.",
      );
    }
  } finally {
    await sql.end();
  }
};

const readPasswords = (secrets: string): Passwords => {
  const file = join(secrets, "database.json");
  if (existsSync(file)) return Passwords.parse(JSON.parse(readFileSync(file, "utf8")));
  const made = Object.fromEntries(Object.keys(Passwords.shape).map((name) => [name, randomBytes(24).toString("hex")]));
  writeFileSync(file, JSON.stringify(made, null, 2), { mode: 0o600 });
  return Passwords.parse(made);
};
