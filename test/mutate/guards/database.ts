import type { Guard } from "./guard.ts";

export const database: readonly Guard[] = [
  {
    guards: "a transaction that names no city sees no row",
    file: "migrations/0001-ground.sql",
    find: "execute format('alter table %I force row level security', guarded);\n  execute format('create policy city",
    replace:
      "execute format('alter table %I disable row level security', guarded);\n  execute format('create policy city",
    tests: ["test/database"],
  },
  {
    guards: "a day of the outbox that still waits is not dropped",
    file: "migrations/0007-old-days.sql",
    find: "  if waits or not goes then\n    return false;\n  end if;",
    replace: "  if not goes then\n    return false;\n  end if;",
    tests: ["functions/streaming/keep-partitions"],
    title: "keeps a day|never loses",
  },
  {
    guards: "what comes into an old day while it is looked at is not dropped with it",
    file: "migrations/0007-old-days.sql",
    find: "partition) into waits;\n  if waits then\n    return false;\n  end if;\n  execute format('select $1 and",
    replace: "partition) into waits;\n  execute format('select $1 and",
    tests: ["functions/streaming/keep-partitions"],
    title: "somebody writes into",
  },
  {
    guards: "what no queue was bound to is kept for a replay",
    file: "migrations/0007-old-days.sql",
    find: "execute format('insert into outbox select * from %I where refused is not null', partition || '_published');",
    replace: "",
    tests: ["functions/streaming/keep-partitions"],
    title: "no queue was bound",
  },
  {
    guards: "the audit trail is not lost to a clock that jumped",
    file: "functions/streaming/keep-partitions/function.ts",
    find: "if (await transaction(({ sql }) => isTooMuchAudit(sql, now, kept))) {",
    replace: "if (false) {",
    tests: ["functions/streaming/keep-partitions"],
    title: "loses nothing",
  },
  {
    guards: "the inbox remembers longer than a message may be put back",
    file: "lib/db/partitions.ts",
    find: "select gt_drop_oldest_partition(${table}, ${daysBefore(now, kept[table])}::date) as dropped`",
    replace: "select gt_drop_oldest_partition(${table}, ${daysBefore(now, 20)}::date) as dropped`",
    tests: ["functions/streaming/keep-partitions"],
    title: "inbox remembers",
  },
];
