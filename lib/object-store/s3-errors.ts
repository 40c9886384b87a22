/** What an S3 answers → what it means here. Nothing of it is final: who waits and comes again is served, once somebody has repaired it. */
import { AppError, type ErrorDetails } from "#lib/errors.ts";

export type S3Answer = {
  status: number;
  /** From the body of an error; a HEAD has none. */
  code: string | null;
  /** The headers of these names. */
  date: string | null;
  retry_after: string | null;
  /** In the server's words. */
  cause?: unknown;
};

/** Servers refuse from 15 min on; from here on somebody should look. */
const SKEW_MS = 5 * 60_000;

const clockCodes = new Set(["RequestTimeTooSkewed", "RequestNotReadyYet"]);
const accessCodes = new Set(["ExpiredToken", "InvalidToken", "InvalidAccessKeyId", "SignatureDoesNotMatch"]);
const slowCodes = new Set(["SlowDown", "SlowDownRead", "SlowDownWrite", "Throttling", "TooManyRequests"]);
const damageCodes = new Set([
  "BadDigest",
  "InvalidDigest",
  "XAmzContentChecksumMismatch",
  "XAmzContentSHA256Mismatch",
  "InvalidChecksum",
]);
const brokenOff = new Set(["IncompleteBody", "RequestTimeout"]);
const fullCodes = new Set(["XMinioStorageFull", "InsufficientStorage", "QuotaExceeded"]);

export const s3Refusal = (answer: S3Answer, now: Date): AppError => {
  const { status, code } = answer;
  const unavailable = (reason: string, message: string, seconds: number): AppError =>
    new AppError("unavailable", message, { ...facts(answer), reason, retry_after_seconds: seconds });
  if (clockCodes.has(code ?? "") || (status === 403 && isSkewed(answer, now)))
    return unavailable("object.clock_skew", "The object store's clock and ours differ too much", 60);
  if (status === 401 || status === 403 || accessCodes.has(code ?? ""))
    return unavailable("object.access_refused", "The object store refuses our keys", 60);
  if (code === "NoSuchBucket") return noBucket();
  if (fullCodes.has(code ?? "") || status === 507)
    return unavailable("object.disk_full", "There is no space left for objects", 60);
  // A HEAD has no body to say it in.
  if (slowCodes.has(code ?? "") || status === 429 || status === 503)
    return unavailable("object.slow_down", "The object store asks for patience", secondsIn(answer, 5));
  if (damageCodes.has(code ?? ""))
    return unavailable("object.damaged_on_the_way", "The bytes arrived as others than they were sent", 1);
  if (brokenOff.has(code ?? "")) return unavailable("object.broken_off", "The upload broke off", 1);
  // 501: it cannot do that, now or later.
  if ((status >= 500 && status !== 501) || status === 408)
    return unavailable("object.store_failed", "The object store failed", secondsIn(answer, 10));
  return new AppError("internal", "The object store refused a request", { ...facts(answer), reason: "object.refused" });
};

export const noBucket = (): AppError =>
  new AppError("unavailable", "A bucket is not there", { reason: "object.no_bucket", retry_after_seconds: 60 });

export const unreachable = (cause: unknown): AppError =>
  new AppError("unavailable", "The object store cannot be reached", {
    reason: "object.unreachable",
    retry_after_seconds: 10,
    cause,
  });

/** Whether another attempt a moment later may succeed. */
export const isPassing = (error: unknown): boolean =>
  error instanceof AppError &&
  ["object.unreachable", "object.slow_down", "object.store_failed", "object.broken_off"].includes(error.reason ?? "");

/** Of the answer that a refusal was made of. */
export const statusOf = (error: unknown): number | null => {
  const status = error instanceof AppError ? error.params["status"] : null;
  return typeof status === "number" ? status : null;
};

const facts = ({ status, code, cause }: S3Answer): Pick<ErrorDetails, "params" | "cause"> => ({
  params: { status, ...(code === null ? {} : { code }) },
  cause,
});

const isSkewed = ({ date }: S3Answer, now: Date): boolean => {
  const said = Date.parse(date ?? "");
  return !Number.isNaN(said) && Math.abs(said - now.getTime()) > SKEW_MS;
};

const secondsIn = ({ retry_after }: S3Answer, otherwise: number): number => {
  const seconds = Number(retry_after ?? Number.NaN);
  return seconds > 0 && seconds <= 3600 ? Math.ceil(seconds) : otherwise;
};
