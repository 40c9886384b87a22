/** What libraries throw → what it means to who asked. */
import { isOfPooler } from "#lib/db/transaction.ts";
import { AppError } from "#lib/errors.ts";

/** A dependency is down, restarting, full or too slow: parked by the connector, tried again by people. */
const away = new Set(
  [
    "CONNECT_TIMEOUT CONNECTION_CLOSED CONNECTION_ENDED CONNECTION_DESTROYED",
    "ECONNREFUSED ECONNRESET EPIPE ETIMEDOUT ENOTFOUND EAI_AGAIN EHOSTUNREACH ENETUNREACH",
    // Connections refused, too many, lost; shutting down; memory full; input or output error.
    "08000 08001 08003 08004 08006 53000 53200 53300 57P01 57P02 57P03 58030",
    // Statement, lock and idle timeouts; a standby that only reads.
    "57014 55P03 25P03 25006",
  ].flatMap((codes) => codes.split(" ")),
);
const LOST = "08006";
const crowded = new Set(["40001", "40P01"]);
const full = new Set(["ENOSPC", "EDQUOT", "53100"]);
const unstorable = new Set(["22021", "22P05", "22003", "22007", "22008", "22P02", "22001"]);

/** Every error as an `AppError`; what nobody foresaw is `internal` with its cause kept for the log. */
export const appErrorOf = (error: unknown): AppError => {
  if (error instanceof AppError) return error;
  const code = codeOf(error);
  const details = { cause: error };
  if (full.has(code)) {
    return new AppError("unavailable", "Storage is full", {
      ...details,
      reason: "storage.full",
      retry_after_seconds: 30,
    });
  }
  if (away.has(code))
    return new AppError("unavailable", "Temporarily unavailable", { ...details, retry_after_seconds: 5 });
  if (crowded.has(code)) return new AppError("unavailable", "Too many at once", { ...details, retry_after_seconds: 1 });
  if (code === "23505" || code === "23P01")
    return new AppError("conflict", "It is there already", { ...details, reason: "duplicate" });
  if (code === "23503")
    return new AppError("invalid", "It refers to what is not there", { ...details, reason: "reference" });
  if (unstorable.has(code))
    return new AppError("malformed", "A value cannot be stored", { ...details, reason: "value" });
  // Row-level security refuses a row of another city: to the caller that city does not exist.
  if (code === "42501" && /row-level security/.test(String(error)))
    return new AppError("not_found", "No such city", details);
  return new AppError("internal", "Unforeseen", details);
};

/** Also behind the `unavailable` that the tenant transaction makes of it. */
export const isLockTimeout = (error: unknown): boolean => codeOf(error) === "55P03";

const codeOf = (error: unknown): string => {
  if (typeof error !== "object" || error === null) return "";
  if (isOfPooler(error)) return LOST;
  if (!(error instanceof AppError) && "code" in error && typeof error.code === "string") return error.code;
  return "cause" in error ? codeOf(error.cause) : "";
};
