/** Plain numbered SQL, always over the owner's direct URL. Two starters at once are safe; a newer database is refused. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import postgres from "postgres";

/** Any number, the same in every program that migrates. */
const LOCK = 4_741_987;
/** Partitions there are at once: recordings may be 31 days old when the first start meets them. */
const DAYS_BACK = 32;
const DAYS_AHEAD = 8;

type Migration = { number: number; name: string; text: string; checksum: string };

export const readMigrations = (folder: string): Migration[] =>
  readdirSync(folder)
    .filter((file) => /^\d{4}-[a-z0-9-]+\.sql$/.test(file))
    .toSorted()
    .map((file) => {
      const text = readFileSync(join(folder, file), "utf8");
      return {
        number: Number(file.slice(0, 4)),
        name: file.slice(5, -4),
        text,
        checksum: createHash("sha256").update(text).digest("hex"),
      };
    });

/** Answers the names of what was applied now. */
export const migrate = async (owner_url: string, folder: string): Promise<string[]> => {
  const sql = postgres(owner_url, {
    max: 1,
    onnotice: () => {},
    connection: { application_name: "gt-vision migrate" },
  });
  try {
    const applied: string[] = [];
    for (const migration of readMigrations(folder)) {
      if (await applyOne(sql, migration)) applied.push(migration.name);
    }
    await refuseNewer(sql, readMigrations(folder).length);
    await sql`select gt_make_partitions((now() at time zone 'UTC')::date - ${DAYS_BACK}::int, (now() at time zone 'UTC')::date + ${DAYS_AHEAD}::int)`;
    return applied;
  } finally {
    await sql.end();
  }
};

/** One transaction each, under a lock that a second starter waits for: through a pooler a session lock would be had twice. */
const applyOne = (sql: postgres.Sql, migration: Migration): Promise<boolean> =>
  sql.begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(${LOCK})`;
    await tx`create table if not exists migrations (number integer primary key, name text not null, checksum text not null, applied_at timestamptz not null default now())`;
    const [done] = await tx<{ checksum: string }[]>`select checksum from migrations where number = ${migration.number}`;
    if (done && done.checksum !== migration.checksum) {
      throw new Error(
        `Migration ${migration.number} (${migration.name}) was changed after it was applied to this database. Restore the file, or start with a new database.`,
      );
    }
    if (done) return false;
    await tx.unsafe(migration.text).simple();
    await tx`insert into migrations (number, name, checksum) values (${migration.number}, ${migration.name}, ${migration.checksum})`;
    return true;
  }) as Promise<boolean>;

const refuseNewer = async (sql: postgres.Sql, known: number): Promise<void> => {
  const [newest] = await sql<{ number: number }[]>`select max(number) as number from migrations`;
  if ((newest?.number ?? 0) > known) {
    throw new Error(
      `The database is at migration ${newest?.number}, this program knows ${known}: it is older than its data. Install the newer program.`,
    );
  }
};
