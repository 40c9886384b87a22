/** The guards of the system: what each prevents, the text that is the guard, what stands there without it, whose test must see. */
export type Guard = {
  /** What it guards, as a sentence. */
  guards: string;
  file: string;
  /** Occurs exactly once. */
  find: string;
  replace: string;
  /** Test files that must turn red. */
  tests: readonly string[];
  /** Only tests whose title matches; all of the files otherwise. */
  title?: string;
};

export const guards: readonly Guard[] = [
  {
    guards: "a console's socket opens from its own page only",
    file: "gateway/gateway.ts",
    find: "      mustBeSameOrigin(request);\n",
    replace: "",
    tests: ["gateway/gateway.test.ts"],
  },
  {
    guards: "a stream token is worth nothing on another session's socket",
    file: "gateway/notifications.ts",
    find: "grant.session_id !== entry.session.session_id ||",
    replace: "",
    tests: ["gateway/gateway.test.ts"],
  },
  {
    guards: "a notification reaches only those who may see its kind",
    file: "gateway/notifications.ts",
    find: "message && entry.session.may(permissionFor[message.event], message.cidade_id)",
    replace: "message",
    tests: ["gateway/gateway.test.ts"],
  },
  {
    guards: "a slow viewer skips to a key frame instead of showing torn pictures",
    file: "gateway/live.ts",
    find: "if (viewer.waitsForKey && !message.header.key) return;",
    replace: "",
    tests: ["gateway/gateway.test.ts"],
  },
  {
    guards: "a transaction that names no city sees no row",
    file: "migrations/0001-ground.sql",
    find: "execute format('alter table %I force row level security', guarded);\n  execute format('create policy city",
    replace:
      "execute format('alter table %I disable row level security', guarded);\n  execute format('create policy city",
    tests: ["test/database"],
  },
];
