/** A stand-in for S3 servers that say yes to what they do not do; and for one that always answers with a given error. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type StandIn = {
  /** `OBJECTS_URL`. */
  url: string;
  /** `METHOD path?query` of each request. */
  asked: string[];
  close(): Promise<void>;
};

type Answering = (request: IncomingMessage, response: ServerResponse, sha256: string) => void;

const serve = async (answer: Answering): Promise<StandIn> => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const hash = createHash("sha256");
    request.on("data", (chunk: Buffer) => hash.update(chunk));
    request.on("end", () => answer(request, response, hash.digest("base64")));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `s3:http://key:secret@127.0.0.1:${(server.address() as AddressInfo).port}/`,
    asked,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
};

const errorXml = (code: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>no</Message></Error>`;

/** Everything it is asked ends so. */
export const refusingS3 = (status: number, code: string, headers: Record<string, string> = {}): Promise<StandIn> =>
  serve((request, response) => {
    response.writeHead(status, { "content-type": "application/xml", ...headers });
    response.end(request.method === "HEAD" ? undefined : errorXml(code));
  });

export type Care = {
  /** `If-None-Match` of whole objects. */
  conditions: boolean;
  checksums: boolean;
  /** `If-None-Match` where parts are completed: obeyed, passed over, or a word it does not know. */
  parts: "obeyed" | "ignored" | "unknown";
};

/** Keeps names and nothing else. */
export const carelessS3 = (care: Care): Promise<StandIn> => {
  const kept = new Map<string, Record<string, string>>();
  return serve((request, response, sha256) => {
    const url = new URL(request.url ?? "/", "http://store");
    const { status, body = "", headers = {} } = answerTo(request, url, sha256, kept, care);
    response.writeHead(status, { "content-type": "application/xml", ...headers });
    response.end(request.method === "HEAD" ? undefined : body);
  });
};

type Answer = { status: number; body?: string; headers?: Record<string, string> };

const answerTo = (
  { method, headers }: IncomingMessage,
  { pathname, searchParams }: URL,
  sha256: string,
  kept: Map<string, Record<string, string>>,
  care: Care,
): Answer => {
  const refuse = (status: number, code: string): Answer => ({ status, body: errorXml(code) });
  const isConditional = headers["if-none-match"] === "*" && kept.has(pathname);
  if (searchParams.has("lifecycle") || searchParams.has("versioning")) return refuse(501, "NotImplemented");
  if (method === "POST" && searchParams.has("uploads"))
    return {
      status: 200,
      body: "<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>",
    };
  if (method === "POST") {
    if (care.parts === "unknown") return refuse(501, "NotImplemented");
    if (care.parts === "obeyed" && isConditional) return refuse(412, "PreconditionFailed");
    return { status: 200, body: "<CompleteMultipartUploadResult><ETag>1</ETag></CompleteMultipartUploadResult>" };
  }
  if (method === "DELETE") return { status: 204 };
  if (method === "HEAD") {
    const facts = kept.get(pathname);
    if (/^\/[a-z-]+\/?$/.test(pathname)) return { status: 200 };
    return facts ? { status: 200, headers: facts } : { status: 404 };
  }
  if (care.checksums && headers["x-amz-checksum-sha256"] !== sha256) return refuse(400, "BadDigest");
  if (isConditional && care.conditions) return refuse(412, "PreconditionFailed");
  if (!searchParams.has("partNumber"))
    kept.set(pathname, {
      "content-length": headers["content-length"] ?? "0",
      "x-amz-meta-sha256": String(headers["x-amz-meta-sha256"]),
      "last-modified": new Date().toUTCString(),
    });
  return { status: 200, headers: { etag: '"1"' } };
};
