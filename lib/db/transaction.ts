/** The only way to the tables of a city: a transaction whose first statement says which cities. */
import postgres from "postgres";
import { AppError } from "#lib/errors.ts";
import type { Sql, TransactionSql } from "./connect.ts";

const RETRIES = 3;
const CONNECTION_MS = 3000;

/**
 * `cities`: what the caller may see, `'all'` for every one. `read` transactions are read only.
 * Serialisation failures and deadlocks are tried again (the work must have no effect outside), outages are `unavailable`.
 */
export const withTenant = async <R>(
  sql: Sql,
  cities: readonly string[] | "all",
  mode: "read" | "write",
  work: (tx: TransactionSql) => Promise<R>,
): Promise<R> => {
  const setting = cities === "all" ? "*" : cities.join(",");
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await begin(sql, mode, async (tx) => {
        // Not awaited apart: it is sent ahead of the first statement of the work in the same pipeline.
        const named = nameCities(tx, setting, sql.options.prepare);
        named.catch(() => {});
        const [result] = await Promise.all([work(tx), named]);
        return result;
      });
    } catch (error) {
      if (isConflict(error) && attempt < RETRIES) continue;
      throw asAppError(error);
    }
  }
};

/** Where statements are not prepared, a parameter would cost a question and its answer before each transaction's own first. */
const nameCities = (tx: TransactionSql, setting: string, isPrepared: boolean): Promise<unknown> => {
  if (isPrepared) return tx`select set_config('app.cities', ${setting}, true)`;
  if (!/^(\*|[0-9a-f,-]*)$/.test(setting)) throw new AppError("internal", "A city has a strange name");
  return tx.unsafe(`select set_config('app.cities', '${setting}', true)`);
};

/**
 * Nobody waits for ever behind slow transactions: what has no connection in `CONNECTION_MS` never begins. `write` says
 * nothing about reading or writing, so that a database that is set to read only refuses.
 */
const begin = <R>(sql: Sql, mode: "read" | "write", work: (tx: TransactionSql) => Promise<R>): Promise<R> =>
  new Promise<R>((resolve, reject) => {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      reject(busy());
    }, CONNECTION_MS);
    const begun = (tx: TransactionSql): Promise<R> => {
      clearTimeout(timer);
      return isLate ? Promise.reject(busy()) : work(tx);
    };
    const ended = mode === "read" ? sql.begin("read only", begun) : sql.begin(begun);
    (ended as Promise<R>).finally(() => clearTimeout(timer)).then(resolve, reject);
  });

const busy = (): AppError =>
  new AppError("unavailable", "No connection to the database is free", {
    reason: "database.busy",
    retry_after_seconds: 2,
  });

const isConflict = (error: unknown): boolean =>
  error instanceof postgres.PostgresError && (error.code === "40001" || error.code === "40P01");

/** What the database says when it is not the statement's fault. */
const outages = new Set([
  "08000",
  "08001",
  "08003",
  "08004",
  "08006", // connection
  "53000",
  "53100",
  "53200",
  "53300",
  "53400", // resources: disk full, memory, too many connections
  "57P01",
  "57P02",
  "57P03",
  "57P05", // shutting down, starting up
  "57014",
  "25P03",
  "25006", // cancelled by its limit, idle too long, read only
  "40001",
  "40P01", // still in conflict after the retries
  "58030",
  "58000", // input or output error
]);
const lines = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ENOENT",
  "ETIMEDOUT",
  "CONNECTION_CLOSED",
  "CONNECTION_ENDED",
  "CONNECTION_DESTROYED",
  "CONNECT_TIMEOUT",
]);

/**
 * PgBouncer says everything with the code of a broken protocol: that its server has crashed, refuses or lets it wait too long. A
 * server that says so, because of a program's mistake, also names its routine.
 */
export const isOfPooler = (error: object): boolean =>
  "code" in error && error.code === "08P01" && !("routine" in error);

export const LOCKED = "database.locked";

/** Raised by the table itself (migrations/0009-outbox-room.sql). */
const OUTBOX_IS_FULL = "GT001";

const outboxIsFull = (cause: Error): AppError =>
  new AppError("unavailable", "Too many events wait to be published", {
    reason: "outbox.full",
    retry_after_seconds: 30,
    cause,
  });

const LOCK_NOT_HAD = "55P03";
/** Nothing is down: somebody else is writing the same. */
const isLocked = (cause: Error): AppError =>
  new AppError("unavailable", "Somebody else is writing the same", {
    reason: LOCKED,
    retry_after_seconds: 2,
    cause,
  });

/** Leaves what is the caller's business (unique keys, checks, AppErrors) as it is. */
export const asAppError = (error: unknown): unknown => {
  if (error instanceof AppError || !(error instanceof Error)) return error;
  const code = "code" in error ? String(error.code) : "";
  if (code === OUTBOX_IS_FULL) return outboxIsFull(error);
  if (code === LOCK_NOT_HAD) return isLocked(error);
  if (!outages.has(code) && !lines.has(code) && !isOfPooler(error)) return error;
  return new AppError("unavailable", "The database does not answer as it should", {
    reason: "database.unavailable",
    retry_after_seconds: 5,
    cause: error,
  });
};

/** Unique violation, by the name of the constraint or index. */
export const isDuplicate = (error: unknown, constraint?: string): boolean =>
  error instanceof postgres.PostgresError &&
  error.code === "23505" &&
  (constraint === undefined || error.constraint_name === constraint);
