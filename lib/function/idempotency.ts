/** `Idempotency-Key`: the same request again is the same answer and no second effect. */
import type { TransactionSql } from "#lib/db/connect.ts";
import { AppError } from "#lib/errors.ts";
import { sha256Hex } from "./access.ts";
import type { Caller } from "./define.ts";

export type IdempotentRequest = {
  key: string;
  caller_id: string;
  cidade_scope: string;
  function: string;
  request_hash: string;
};
export type KeptAnswer = { status: number; body: string | null };

export const idempotentRequest = async (
  key: string,
  caller: Caller,
  name: string,
  request: { path: string; query: string; bytes: Uint8Array },
): Promise<IdempotentRequest> => {
  if (!/^[\x21-\x7e]{1,200}$/.test(key)) {
    throw new AppError("malformed", "An Idempotency-Key has 1 to 200 visible characters", {
      reason: "idempotency.key",
    });
  }
  const said = new TextEncoder().encode(`${name}\n${request.path}\n${request.query}\n`);
  const all = new Uint8Array(said.byteLength + request.bytes.byteLength);
  all.set(said);
  all.set(request.bytes, said.byteLength);
  return {
    key,
    caller_id: `${caller.kind}:${caller.id}`,
    cidade_scope: caller.cities === "all" ? "*" : caller.cities.join(","),
    function: name,
    request_hash: await sha256Hex(all),
  };
};

/**
 * First in the effect's transaction: rivals wait for its end and are then answered from what it left.
 * `null`: the request is new and ours. The body is kept as text, because jsonb would reorder its names.
 */
export const claimKey = async (
  sql: TransactionSql,
  request: IdempotentRequest,
  now: Date,
): Promise<KeptAnswer | null> => {
  const claimed = await sql`
    insert into idempotency_keys (caller_id, cidade_scope, key, function, request_hash, created_at)
    values (${request.caller_id}, ${request.cidade_scope}, ${request.key}, ${request.function}, ${request.request_hash}, ${now})
    on conflict (caller_id, key) do nothing returning key`;
  if (claimed.length === 1) return null;
  const [kept] = await sql<{ function: string; request_hash: string; status: number; body: string | null }[]>`
    select function, request_hash, status, body from idempotency_keys
    where caller_id = ${request.caller_id} and key = ${request.key}`;
  if (!kept)
    throw new AppError("conflict", "The same request is under way", {
      reason: "idempotency.in_progress",
      retry_after_seconds: 1,
    });
  if (kept.function !== request.function || kept.request_hash !== request.request_hash) {
    throw new AppError("conflict", "This Idempotency-Key was used for another request", {
      reason: "idempotency.other_request",
    });
  }
  return { status: kept.status, body: kept.body };
};

export const keepAnswer = async (
  sql: TransactionSql,
  request: IdempotentRequest,
  answer: KeptAnswer,
): Promise<void> => {
  await sql`
    update idempotency_keys set status = ${answer.status}, body = ${answer.body}
    where caller_id = ${request.caller_id} and key = ${request.key}`;
};

/** Few enough that a transaction is short. */
const BATCH = 5000;

/** The next few; answers whether there may be more. */
export const deleteOldAnswers = async (sql: TransactionSql, before: Date): Promise<boolean> => {
  const gone = await sql`
    delete from idempotency_keys where (caller_id, key) in (
      select caller_id, key from idempotency_keys where created_at < ${before} order by created_at limit ${BATCH})`;
  return gone.count === BATCH;
};
