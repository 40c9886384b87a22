/**
 * What the same answers cost without the kit: no tokens, schemas, problem documents, logs or metrics. The nouns' own SQL in
 * transactions that name the city and audit as the kit does; pictures are signed, because an answer without them is another.
 */
import { createHmac } from "node:crypto";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { Sql, TransactionSql } from "#lib/db/connect.ts";
import type { Caller } from "#lib/function/define.ts";
import { writeAudit } from "#lib/function/audit.ts";
import { createOutbox } from "#lib/function/outbox.ts";
import { uuidv7 } from "#lib/ids.ts";
import { LprPosted } from "#functions/ai/contract.ts";
import { eventIdOf } from "#functions/ai/gt-vision-json.ts";
import { readPattern } from "#functions/ai/plate-patterns.ts";
import { findRead, listReadRows, type PlateReadRow } from "#functions/ai/plate-reads.ts";
import { layoutOf } from "#functions/ai/plates.ts";
import { insertRawPost } from "#functions/ai/raw-posts.ts";
import { searchReads } from "#functions/ai/plate-search.ts";

type Asked = { request: IncomingMessage; url: URL; cidade_id: string; camera_id: string };
type Work = (sql: TransactionSql, asked: Asked, body: string) => Promise<unknown>;

const LIMIT = 50;
const caller = (cidade_id: string): Caller => ({ kind: "user", id: "bench", cities: [cidade_id], permissions: [] });

export const bareServer = (sql: Sql): Server =>
  createServer((request, response) => {
    answer(sql, request).then(
      ({ status, body }) => response.writeHead(status, { "content-type": "application/json" }).end(body),
      () => response.writeHead(500).end(),
    );
  });

const answer = async (sql: Sql, request: IncomingMessage): Promise<{ status: number; body: string }> => {
  const url = new URL(request.url ?? "/", "http://bare");
  const header = (name: string): string => String(request.headers[name] ?? "");
  const asked = { request, url, cidade_id: header("x-city"), camera_id: header("x-camera") };
  const body = request.method === "POST" ? await bodyOf(request) : "";
  const [mode, work, status] = routeOf(url.pathname);
  const answered = await sql.begin(mode, async (tx) => {
    const named = tx`select set_config('app.cities', ${asked.cidade_id}, true)`;
    named.catch(() => {});
    const [result] = await Promise.all([work(tx, asked, body), named]);
    return result;
  });
  return { status, body: JSON.stringify(answered) };
};

const routeOf = (path: string): ["read only" | "read write", Work, number] => {
  if (path === "/api/plates") return ["read only", list, 200];
  if (path === "/api/plates/search") return ["read write", search, 200];
  if (path === "/api/lpr/events") return ["read write", receive, 202];
  return ["read write", read, 200];
};

const read: Work = async (sql, { url, cidade_id }) => {
  const id = url.pathname.slice("/api/plates/".length);
  const row = await findRead(sql, id);
  await audit(sql, "read-plate", cidade_id, { object_type: "plate_read", object_id: id, cidade_id });
  return shown(row);
};

const list: Work = async (sql, { cidade_id, url }) =>
  pageOf(await listReadRows(sql, { cidade_id, limit: limitOf(url) }, null));
const limitOf = (url: URL): number => Number(url.searchParams.get("limit") ?? LIMIT);

const search: Work = async (sql, { cidade_id }, body) => {
  const { plate, cidade_ids, purpose } = JSON.parse(body) as { plate: string; cidade_ids: string[]; purpose: string };
  const rows = await searchReads(sql, readPattern(plate), { cidade_ids, limit: LIMIT }, null);
  const details = { found: rows.length, further: false };
  await audit(sql, "search-plates", cidade_id, {
    object_type: "plate_search",
    object_id: plate,
    cidade_id,
    purpose,
    details,
  });
  return pageOf(rows);
};

const receive: Work = async (sql, { camera_id, cidade_id }, text) => {
  const body = JSON.parse(text) as Parameters<typeof eventIdOf>[1];
  const [id, now] = [uuidv7(), new Date()];
  const post = { cidade_id, id, camera_id, correlation_id: id, address: "127.0.0.1", received_at: now };
  const bytes = Buffer.from(text);
  await insertRawPost(sql, { ...post, form: "gt-vision-json", content_type: "application/json", body: bytes });
  const origin = { source: "/ai", correlation_id: id, traceparent: TRACE, ids: () => uuidv7(now), clock: () => now };
  const outbox = createOutbox(sql, origin, () => undefined);
  await outbox.add(LprPosted, { raw_post_id: id, cidade_id, camera_id }, { subject: camera_id });
  return { id: eventIdOf(camera_id, body), status: "accepted" };
};
const TRACE = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01";

type Note = Parameters<typeof writeAudit>[1][number]["note"];
const audit = (sql: TransactionSql, action: string, cidade_id: string, note: Note): Promise<void> => {
  const who = { caller: caller(cidade_id), address: "127.0.0.1", correlation_id: "bench" };
  return writeAudit(sql, [{ ...who, id: uuidv7(), at: new Date(), action, note, result: "done" }]);
};

const pageOf = (rows: readonly PlateReadRow[]) => {
  const items = rows.slice(0, LIMIT).map(shown);
  const last = rows.length > LIMIT ? items.at(-1) : undefined;
  const cursor = last && Buffer.from(JSON.stringify([last.captured_at, last.id, macOf(last.id)])).toString("base64url");
  return { items, next_cursor: cursor ?? null };
};

const shown = (row: PlateReadRow) => ({
  ...row,
  layout: row.plate === null ? null : layoutOf(row.plate),
  image_url: linkOf(row.image_url),
  plate_image_url: linkOf(row.plate_image_url),
});

const linkOf = (key: string | null): string | null => {
  if (key === null) return null;
  const exp = Math.ceil(Date.now() / 1000 + 600);
  return `/objects/lpr-images/${key}?exp=${exp}&kid=bench&mac=${macOf(`${key} ${exp}`)}`;
};
const macOf = (text: string): string => createHmac("sha256", "a key of the bench").update(text).digest("hex");

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
};
