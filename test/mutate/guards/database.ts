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
];
