/** How a delivery ended. In process it is this value, between processes the same as a response. */
import { PARK_SECONDS } from "#lib/broker/broker.ts";
import { LOCKED } from "#lib/db/transaction.ts";
import type { AppError, ErrorCode } from "#lib/errors.ts";
import type { Reply } from "./reply.ts";

/** Nothing is down: it came too early, or what it writes of its subject is in somebody's hand. */
export type OnlyWaits = "message" | "subject";

export type Answer =
  | { done: true }
  /** Come back after `seconds`, attempts untouched: a dependency is down, or with `only` nothing is, and others may go on. */
  | { park: true; seconds: number; reason: string; only?: OnlyWaits }
  /** Refused for good: to the dead letters at once. */
  | { final: true; reason: string }
  /** This attempt failed; another may not. */
  | { failed: true; reason: string };

/** By the reason of an error `unavailable` or `too_many`. */
const onlyWaits = new Map<string | undefined, OnlyWaits>([
  ["event.version", "message"],
  [LOCKED, "subject"],
]);

/** Another attempt would meet the same bytes and the same rules. */
const hopeless: readonly ErrorCode[] = ["final", "malformed", "invalid", "too_large", "unsupported_media"];

export const answerOf = (error: AppError): Answer => {
  const reason = `${error.code}${error.reason === undefined ? "" : ` ${error.reason}`}: ${error.message}`;
  if (error.code === "unavailable" || error.code === "too_many") {
    // A database that is back in 5 s is no reason to wait for 60, one that says so is.
    const only = onlyWaits.get(error.reason);
    return { park: true, seconds: error.retryAfterSeconds ?? PARK_SECONDS, reason, ...(only ? { only } : {}) };
  }
  return hopeless.includes(error.code) ? { final: true, reason } : { failed: true, reason };
};

export const answerReply = (answer: Answer): Reply => {
  if ("done" in answer) return { status: 204, headers: {}, body: null };
  const headers: Record<string, string> = { "content-type": "application/json" };
  if ("park" in answer) headers["retry-after"] = String(Math.max(1, Math.ceil(answer.seconds)));
  if ("park" in answer && answer.only) headers["x-park"] = answer.only;
  if ("final" in answer) headers["x-final"] = "1";
  return { status: "park" in answer ? 503 : 500, headers, body: JSON.stringify({ reason: answer.reason }) };
};
