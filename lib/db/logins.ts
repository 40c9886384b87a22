/** The logins of the database. Made once by a superuser, before the first migration; safe to repeat. */
import postgres from "postgres";

export type LoginPasswords = { gt_owner: string; gt_app: string; gt_system: string; gt_backup: string };

/** PgBouncer refuses these as startup parameters, so they are the roles' own settings. */
const limits: Record<keyof LoginPasswords, Record<string, string>> = {
  gt_app: { statement_timeout: "10s", lock_timeout: "3s", idle_in_transaction_session_timeout: "15s" },
  gt_system: { statement_timeout: "60s", lock_timeout: "5s", idle_in_transaction_session_timeout: "90s" },
  gt_owner: { statement_timeout: "0", lock_timeout: "5s", idle_in_transaction_session_timeout: "10min" },
  gt_backup: { statement_timeout: "0", lock_timeout: "10s", idle_in_transaction_session_timeout: "0" },
};

/** `superuser_url` names the server; `database` is made when it is not there. */
export const ensureLogins = async (
  superuser_url: string,
  database: string,
  passwords: LoginPasswords,
): Promise<void> => {
  const sql = postgres(superuser_url, { max: 1, onnotice: () => {} });
  try {
    for (const role of Object.keys(limits) as (keyof LoginPasswords)[]) await ensureLogin(sql, role, passwords[role]);
    const [found] = await sql`select 1 from pg_database where datname = ${database}`;
    if (!found)
      await sql.unsafe(
        `create database ${quoteName(database)} owner gt_owner template template0 encoding 'UTF8' lc_collate 'C.UTF-8' lc_ctype 'C.UTF-8'`,
      );
    await sql.unsafe(`revoke all on database ${quoteName(database)} from public`);
    await sql.unsafe(`grant connect on database ${quoteName(database)} to gt_app, gt_system, gt_backup`);
    await sql.unsafe("grant pg_read_all_data to gt_backup");
  } finally {
    await sql.end();
  }
};

const ensureLogin = async (sql: postgres.Sql, role: keyof LoginPasswords, password: string): Promise<void> => {
  const [found] = await sql`select 1 from pg_roles where rolname = ${role}`;
  // The owner of a database has its schema through a role that only inheriting members enjoy.
  const inherits = role === "gt_owner" || role === "gt_backup" ? "inherit" : "noinherit";
  const rights = `login nosuperuser nocreatedb nocreaterole ${inherits} ${role === "gt_backup" ? "bypassrls" : "nobypassrls"}`;
  // Roles take no parameters; the password is ours (hexadecimal) and is quoted all the same.
  const secret = `password '${password.replaceAll("'", "''")}'`;
  await sql.unsafe(`${found ? "alter" : "create"} role ${role} ${rights} ${secret}`);
  for (const [name, value] of Object.entries(limits[role]))
    await sql.unsafe(`alter role ${role} set ${name} = '${value}'`);
};

const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`;
