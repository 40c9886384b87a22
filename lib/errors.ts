/** The one error class of the house. Thrown where a fault is found, caught at the edges only. */

/** Closed list; `code` → HTTP status is decided in `lib/function/problem.ts`. */
export type ErrorCode =
  | "malformed" // 400 the form is wrong: JSON, types, unknown or doubled names
  | "unauthorized" // 401 no, old or forged proof of who is calling
  | "forbidden" // 403 within the caller's own city only
  | "not_found" // 404 also for another city's
  | "conflict" // 409
  | "precondition_failed" // 412 `If-Match` names an older version
  | "too_large" // 413
  | "unsupported_media" // 415
  | "invalid" // 422 the form is right, the meaning is not
  | "too_many" // 429, `retry_after_seconds`
  | "unavailable" // 503 a dependency is down: parked by the connector, `retry_after_seconds`
  | "final" // 500 + `x-final: 1`: refused for good, dead-lettered at once
  | "internal"; // 500

export type FieldError = { path: string; code: string };

export type ErrorDetails = {
  /** A closed, documented word that the console turns into a sentence, e.g. `camera.url_scheme`. */
  reason?: string;
  params?: Record<string, string | number | boolean>;
  errors?: readonly FieldError[];
  retry_after_seconds?: number;
  cause?: unknown;
};

export class AppError extends Error {
  readonly code: ErrorCode;
  readonly reason: string | undefined;
  readonly params: Record<string, string | number | boolean>;
  readonly errors: readonly FieldError[];
  readonly retryAfterSeconds: number | undefined;

  /** `message` is English, for logs and the problem's `title`; it never carries a secret, SQL or a path. */
  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "AppError";
    this.code = code;
    this.reason = details.reason;
    this.params = details.params ?? {};
    this.errors = details.errors ?? [];
    this.retryAfterSeconds = details.retry_after_seconds;
  }
}
