/** Small functions that use every part of the kit, for its own tests. They know the tables `gaps` and `cameras` only. */
import * as z from "zod";
import { AppError } from "#lib/errors.ts";
import { eventType } from "#lib/events.ts";
import { Page, listOf } from "#lib/wire/lists.ts";
import { cron, frames, http, queue, type Catalogue } from "./define.ts";

export const Noted = eventType(
  "note.written",
  1,
  z.object({ note_id: z.uuid(), cidade_id: z.uuid(), text: z.string() }),
);

export const Note = z.object({ id: z.uuid(), text: z.string(), version: z.int() });
export type Note = z.infer<typeof Note>;
export const NewNote = z.strictObject({ cidade_id: z.uuid(), camera_id: z.uuid(), text: z.string().max(100) });
export const NoteQuery = Page.extend({
  cidade_id: z.uuid(),
  causes: z.array(z.string()).optional(),
  open: z.boolean().optional(),
});
export const NoteList = listOf(Note);
export const ById = z.strictObject({ id: z.uuid() });
export const NoteChange = z.strictObject({ id: z.uuid(), text: z.string().max(100) });

type Row = { id: string; text: string };

export const writeNote = http({
  name: "write-note",
  summary: "Writes a note",
  http: {
    method: "POST",
    path: "/api/notes",
    access: { permission: "recordings.manage", cities: "callers" },
    status: 201,
  },
  input: NewNote,
  output: Note,
  needs: ["sql", "outbox", "ids", "clock", "audit"],
  audited: true,
  async handle({ cidade_id, camera_id, text }, { sql, outbox, ids, clock, audit }): Promise<Note> {
    const id = ids();
    const [row] = await sql<Row[]>`
      insert into gaps (cidade_id, id, camera_id, starts_at, cause, detail)
      values (${cidade_id}, ${id}, ${camera_id}, ${clock()}, 'operator', ${text}) returning *, detail as text`;
    if (!row) throw new AppError("internal", "Nothing was written");
    await outbox.add(Noted, { note_id: id, cidade_id, text }, { subject: id, partition_key: camera_id });
    audit.note({ object_type: "note", object_id: id, cidade_id });
    // With `returning *` the row has more than the answer may say.
    return { ...row, version: 1 };
  },
});

export const listNotes = http({
  name: "list-notes",
  summary: "Lists notes of a city",
  http: { method: "GET", path: "/api/notes", access: { permission: "recordings.view", cities: "callers" } },
  input: NoteQuery,
  output: NoteList,
  needs: ["sql"],
  async handle({ cidade_id, limit, causes, open }, { sql }): Promise<z.input<typeof NoteList>> {
    const rows = await sql<Row[]>`
      select *, detail as text from gaps
      where cidade_id = ${cidade_id} and (${causes === undefined} or cause in ${sql(causes ?? [""])})
        and (${open === undefined} or (ends_at is null) = ${open ?? true})
      order by starts_at desc limit ${limit}`;
    return { items: rows.map((row) => ({ ...row, version: 1 })), next_cursor: null };
  },
});

export const readNote = http({
  name: "read-note",
  summary: "Reads a note",
  http: { method: "GET", path: "/api/notes/{id}", access: "session" },
  input: ById,
  output: Note,
  needs: ["sql"],
  async handle({ id }, { sql }): Promise<Note> {
    const [row] = await sql<Row[]>`select id, detail as text from gaps where id = ${id}`;
    if (!row) throw new AppError("not_found", "No such note", { reason: "note.unknown" });
    return { ...row, version: 1 };
  },
});

export const changeNote = http({
  name: "change-note",
  summary: "Changes a note",
  http: { method: "PATCH", path: "/api/notes/{id}", access: { permission: "recordings.manage", cities: "callers" } },
  input: NoteChange,
  output: Note,
  needs: ["sql"],
  async handle({ id, text }, { sql, if_match }): Promise<Note> {
    if (if_match !== null && if_match !== 1) throw new AppError("precondition_failed", "It has been changed since");
    const rows = await sql`update gaps set detail = ${text} where id = ${id} returning id`;
    if (rows.length === 0) throw new AppError("not_found", "No such note");
    return { id, text, version: 2 };
  },
});

export const countNotes = queue({
  name: "count-notes",
  summary: "Counts what was noted",
  queue: { event: Noted },
  needs: ["sql"],
  async handle({ note_id, text }, { sql, message }): Promise<void> {
    await sql`update gaps set detail = detail || '+' where id = ${note_id}`;
    if (text === "poison") throw new Error("no");
    if (text === "final") throw new AppError("final", "Refused for good");
    if (text === "away" && message.attempt < 3) throw new AppError("unavailable", "Down", { retry_after_seconds: 7 });
  },
});

export const copyNote = queue({
  name: "copy-note",
  summary: "Copies a note with work outside the transaction",
  queue: { event: Noted },
  needs: ["transaction"],
  async handle({ note_id }, { transaction }): Promise<void> {
    await transaction(async ({ sql, once }) => {
      if (await once()) await sql`update gaps set detail = detail || '!' where id = ${note_id}`;
    });
  },
});

export const receivePost = http({
  name: "receive-post",
  summary: "Takes bytes of any form from a camera",
  http: {
    method: "POST",
    path: "/api/posts",
    access: "camera",
    status: 202,
    accepts: ["application/json", "text/xml"],
    max_body_bytes: 2000,
  },
  input: z.strictObject({}),
  output: z.object({ bytes: z.int(), camera_id: z.uuid() }),
  needs: ["rawBody"],
  handle: async (_, { rawBody, caller }) => ({ bytes: rawBody.bytes.byteLength, camera_id: caller.id }),
});

export const greetAgent = http({
  name: "greet-agent",
  summary: "Tells an agent its city",
  http: { method: "GET", path: "/api/greeting", access: "agent" },
  input: z.strictObject({}),
  output: z.object({ cities: z.array(z.uuid()) }),
  needs: [],
  handle: async (_, { caller }) => ({ cities: caller.cities === "all" ? [] : [...caller.cities] }),
});

export const knock = http({
  name: "knock",
  summary: "Answers anyone, three times a minute each",
  http: {
    method: "POST",
    path: "/api/knocks",
    access: "anyone",
    status: 204,
    rate: { per: "address", count: 3, seconds: 60 },
  },
  input: z.strictObject({ how: z.enum(["well", "slowly", "wrongly", "badly"]) }),
  output: z.null(),
  needs: ["cookies"],
  timeout_seconds: 0.2,
  async handle({ how }, { cookies, signal }): Promise<null> {
    if (how === "slowly") await new Promise((resolve) => signal.addEventListener("abort", resolve));
    if (how === "wrongly") throw new TypeError("select password from users at /home/somebody");
    if (how === "badly") return "no" as unknown as null;
    cookies.set("knock", "x", { path: "/api/knocks", max_age_seconds: 60 });
    return null;
  },
});

export const everywhere = http({
  name: "everywhere",
  summary: "For who holds every city",
  http: {
    method: "POST",
    path: "/api/everywhere",
    access: { permission: "cities.manage", cities: "all" },
    status: 204,
  },
  input: z.strictObject({}),
  output: z.null(),
  needs: [],
  handle: async () => null,
});

export const tick = cron({
  name: "tick",
  summary: "Closes what was open before",
  cron: { schedule: "0 3 * * *", timezone: "America/Sao_Paulo" },
  needs: ["sql"],
  async handle({ planned_for }, { sql }): Promise<void> {
    await sql`update gaps set ends_at = ${planned_for} where ends_at is null`;
  },
});

export const lookAtFrame = frames({
  name: "look-at-frame",
  summary: "Refuses empty frames",
  frames: { parallel: 1 },
  needs: ["cache"],
  async handle(frame, { cache, attempt }): Promise<void> {
    if (frame.bytes.byteLength === 0) throw new AppError("invalid", "Empty");
    const seen = `${attempt}${frame.read_at_site ? " read at its site" : ""}`;
    await cache.set(`seen:${frame.camera_id}`, seen, { ttl_seconds: 10 });
  },
});

const all = [
  writeNote,
  listNotes,
  readNote,
  changeNote,
  countNotes,
  copyNote,
  receivePost,
  greetAgent,
  knock,
  everywhere,
  tick,
  lookAtFrame,
];
export const testCatalogue: Catalogue = { notes: Object.fromEntries(all.map((one) => [one.name, one])) };
