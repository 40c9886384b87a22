/** Requests that never become one: what Node says of them → a problem document of ours, as bytes where there is no response to write it into. */
import { STATUS_CODES, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { AppError } from "#lib/errors.ts";
import { makeLast, type Lines } from "./lines.ts";
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

/** Instead of Node's own bare answers. */
export const answerUnreadable = (
  server: Server,
  lines: Lines,
  refuse: (code: string | undefined, cause?: unknown) => Reply,
): void => {
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    const answers = lines.answering(socket);
    const [first] = answers;
    // Its other side is gone, or has half an answer: ours would be taken for the rest.
    if (!socket.writable || first?.headersSent) return void socket.destroy(error);
    // What came before it is answered; ours would be taken for that answer.
    if (first?.req.complete) return answers.forEach(makeLast);
    socket.end(bytesOf(refuse(error.code, error)), () => socket.destroy());
  });
  server.on("checkExpectation", (_request: IncomingMessage, response: ServerResponse) => {
    const { status, headers, body } = refuse("EXPECTATION");
    response.writeHead(status, headers).end(body);
  });
};

const bytesOf = ({ status, headers, body }: Reply): string => {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${lines.join("")}\r\n${body ?? ""}`;
};
