/** Requests that never become one: what the server says of them → a problem document of ours. */
import { AppError } from "#lib/errors.ts";
import { newTraceparent } from "./peer.ts";
import { PROBLEM_CONTENT_TYPE, problemOf } from "./problem.ts";
import { securityHeaders, type Reply } from "./reply.ts";

export type Unreadable = { status: 400 | 408 | 413 | 417 | 431; error: AppError };

const faults: Record<string, { status: Unreadable["status"]; reason: string; title: string }> = {
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, reason: "request.timeout", title: "The request did not arrive in time" },
  HPE_HEADER_OVERFLOW: { status: 431, reason: "request.headers", title: "The headers are too large" },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: { status: 413, reason: "request.chunks", title: "A chunk's extensions are too large" },
  EXPECTATION: { status: 417, reason: "request.expectation", title: "What is expected here is not offered" },
};
const noHttp = { status: 400, reason: "request.not_http", title: "This is not a request that can be read" } as const;

/** `code`: of Node's error. */
export const unreadableOf = (code: string | undefined, cause?: unknown): Unreadable => {
  const { status, reason, title } = faults[code ?? ""] ?? noHttp;
  return { status, error: new AppError("malformed", title, { reason, cause }) };
};

export const unreadableReply = ({ status, error }: Unreadable, correlation_id: string, secure: boolean): Reply => {
  const body = JSON.stringify({ ...problemOf(error, correlation_id), status });
  const trace = { correlation_id, traceparent: newTraceparent(), secure, address: "" };
  const headers = {
    ...securityHeaders(trace),
    "content-type": PROBLEM_CONTENT_TYPE,
    "content-length": String(Buffer.byteLength(body)),
    connection: "close",
  };
  return { status, headers, body };
};
