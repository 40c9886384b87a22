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
  {
    guards: "a segment is listed only with the bytes that were announced in the store",
    file: "functions/streaming/report-segments/function.ts",
    find: 'reason: same ? null : "wrong_bytes"',
    replace: "reason: null",
    tests: ["functions/streaming/report-segments"],
  },
  {
    guards: "a segment of a recording that its agent's city does not have is not listed",
    file: "functions/streaming/report-segments/function.ts",
    find: 'known ? reason : "unknown_recording"',
    replace: "known ? reason : reason",
    tests: ["functions/streaming/report-segments"],
  },
  {
    guards: "a segment of 1970 is not believed",
    file: "functions/streaming/segments.ts",
    find: "days.has(time.toISOString().slice(0, 10)) &&",
    replace: "",
    tests: ["functions/streaming/report-segments"],
    title: "1970",
  },
  {
    guards: "a clip is made of what was recorded, byte for byte",
    file: "functions/streaming/cutting.ts",
    find: 'if (createHash("sha256").update(bytes).digest("hex") !== sha256) throw damaged();',
    replace: "",
    tests: ["functions/streaming/cut-clip"],
    title: "other bytes",
  },
  {
    guards: "a clip does not begin a group of pictures too early",
    file: "functions/streaming/cut-plan.ts",
    find: "Math.min(piece.ends_at, all[index + 1]?.starts_at ?? Infinity)",
    replace: "piece.ends_at",
    tests: ["functions/streaming/cut-clip"],
    title: "start on a key frame",
  },
  {
    guards: "a stream token ends",
    file: "functions/streaming/stream-tokens.ts",
    find: "if (claims.exp_ms > now.getTime()) return claims;",
    replace: "return claims;",
    tests: ["functions/streaming/open-stream"],
  },
  {
    guards: "the clean-up leaves another installation's store alone",
    file: "functions/streaming/delete-expired-recordings/function.ts",
    find: "    await mustBeOurStore(needs);\n",
    replace: "",
    tests: ["functions/streaming/delete-expired-recordings"],
    title: "store",
  },
  {
    guards: "the clean-up does not empty an archive because of a wrong clock or plan",
    file: "functions/streaming/delete-expired-recordings/function.ts",
    find: "if (isModest(count, plan.days))",
    replace: "if (isModest(count, plan.days) || true)",
    tests: ["functions/streaming/delete-expired-recordings"],
    title: "more than can be meant",
  },
  {
    guards: "a held segment stays",
    file: "functions/streaming/retention.ts",
    find: "and (hold_until is null or hold_until < ${now})",
    replace: "and (hold_until is null or ${now}::timestamptz is not null)",
    tests: ["functions/streaming/delete-expired-recordings"],
    title: "a held segment stays",
  },
  {
    guards: "no segment is held after its bytes went",
    file: "functions/streaming/retention.ts",
    find: "limit ${BATCH} for update`",
    replace: "limit ${BATCH}`",
    tests: ["functions/streaming/delete-expired-recordings"],
    title: "a hold that comes",
  },
  {
    guards: "a broken frame is not taken for done when it is offered again",
    file: "functions/streaming/keep-last-frame/function.ts",
    find: "if (!allowed && attempt === 1) return;",
    replace: "if (!allowed) return;",
    tests: ["functions/streaming/keep-last-frame"],
    title: "broken picture",
  },
];
