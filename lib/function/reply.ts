/** An answer before it becomes a `Response`: one object, so that headers are built once. */
import type { AppError } from "#lib/errors.ts";
import { PROBLEM_CONTENT_TYPE, problemOf, statusOf } from "./problem.ts";
import type { Trace } from "./peer.ts";

export type Reply = {
  status: number;
  headers: Record<string, string>;
  body: string | null;
  cookies?: readonly string[];
};

const always: Record<string, string> = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};
const HSTS = "max-age=31536000; includeSubDomains";

export const securityHeaders = (trace: Trace): Record<string, string> => ({
  ...always,
  ...(trace.secure ? { "strict-transport-security": HSTS } : {}),
  "x-correlation-id": trace.correlation_id,
  traceparent: trace.traceparent,
});

export const toResponse = (reply: Reply, trace: Trace): Response => {
  const headers = { ...securityHeaders(trace), ...reply.headers };
  const cookies = reply.cookies ?? [];
  if (cookies.length === 0) return new Response(reply.body, { status: reply.status, headers });
  const pairs = [...Object.entries(headers), ...cookies.map((cookie): [string, string] => ["set-cookie", cookie])];
  return new Response(reply.body, { status: reply.status, headers: new Headers(pairs) });
};

export const json = (status: number, value: unknown, headers: Record<string, string> = {}): Reply => ({
  status,
  headers: { "content-type": "application/json", ...headers },
  body: JSON.stringify(value),
});

export const text = (status: number, body: string, contentType = "text/plain; charset=utf-8"): Reply => ({
  status,
  headers: { "content-type": contentType },
  body,
});

const DEFAULT_WAIT_SECONDS = 5;

export const problemReply = (error: AppError, correlation_id: string): Reply => {
  const headers: Record<string, string> = { "content-type": PROBLEM_CONTENT_TYPE };
  if (error.code === "unauthorized") headers["www-authenticate"] = "Bearer";
  if (error.code === "final") headers["x-final"] = "1";
  // What is left of an oversized body is not worth reading.
  if (error.code === "too_large") headers["connection"] = "close";
  const mustWait = error.code === "unavailable" || error.code === "too_many";
  const wait = error.retryAfterSeconds ?? (mustWait ? DEFAULT_WAIT_SECONDS : undefined);
  if (wait !== undefined) headers["retry-after"] = String(Math.max(1, Math.ceil(wait)));
  return { status: statusOf[error.code], headers, body: JSON.stringify(problemOf(error, correlation_id)) };
};
