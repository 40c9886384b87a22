/**
 * A POST that may take as long as its function: `fetch` gives up after five minutes without an answer, and would leave the
 * function working for nobody.
 */
import { Agent as PlainAgent, request as plainRequest, type IncomingMessage } from "node:http";
import { Agent as TlsAgent, request as tlsRequest } from "node:https";

export type Posted = { status: number; header(name: string): string | undefined; text: string };
export type Post = (
  url: string,
  body: string | Uint8Array,
  headers: Record<string, string>,
  signal: AbortSignal,
) => Promise<Posted>;

const CONNECT_MS = 5000;
/** Of an answer: a reason, or a proxy's page. */
const KEPT_BYTES = 16_384;

export const poster = (): Post & { close(): void } => {
  const agents = { "http:": new PlainAgent({ keepAlive: true }), "https:": new TlsAgent({ keepAlive: true }) };
  const post: Post = (url, body, headers, signal) => once(agents, url, body, headers, signal, true);
  const close = (): void => Object.values(agents).forEach((agent) => agent.destroy());
  return Object.assign(post, { close });
};

type Agents = { "http:": PlainAgent; "https:": TlsAgent };

const once = (
  agents: Agents,
  url: string,
  body: string | Uint8Array,
  headers: Record<string, string>,
  signal: AbortSignal,
  mayRepeat: boolean,
): Promise<Posted> =>
  new Promise((resolve, reject) => {
    const isTls = url.startsWith("https:");
    const agent = agents[isTls ? "https:" : "http:"];
    const sent = { ...headers, "content-length": String(Buffer.byteLength(body)) };
    const asked = (isTls ? tlsRequest : plainRequest)(url, { method: "POST", headers: sent, agent, signal });
    const patience = setTimeout(() => asked.destroy(new Error("no connection")), CONNECT_MS);
    asked.once("socket", (socket) => {
      const connected = (): void => clearTimeout(patience);
      if (socket.connecting) socket.once("connect", connected);
      else connected();
    });
    asked.once("response", (response) => readAnswer(response).then(resolve, reject));
    asked.once("error", (error: NodeJS.ErrnoException) => {
      clearTimeout(patience);
      // The other side had closed a line that was kept for the next request: nobody has read this one.
      const wasStale = asked.reusedSocket && error.code === "ECONNRESET" && !signal.aborted;
      if (wasStale && mayRepeat) once(agents, url, body, headers, signal, false).then(resolve, reject);
      else reject(error);
    });
    asked.end(body);
  });

const readAnswer = async (response: IncomingMessage): Promise<Posted> => {
  const chunks: Buffer[] = [];
  let kept = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    if (kept < KEPT_BYTES) chunks.push(chunk);
    kept += chunk.length;
  }
  return {
    status: response.statusCode ?? 0,
    header: (name) => {
      const value = response.headers[name];
      return typeof value === "string" ? value : undefined;
    },
    text: Buffer.concat(chunks).toString("utf8").slice(0, KEPT_BYTES),
  };
};
