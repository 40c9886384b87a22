/**
 * A fake of MediaMTX, because no package of it can be had everywhere. It plays what was seen of 1.5.1 and 1.20.1 once by hand:
 * its control API v3 with the names each version gives, that it forgets paths which came by the API when it is restarted, and
 * whom it asks about readers with which fields. It moves no video: a reader gets an answer to DESCRIBE and nothing more.
 * The same suite runs against a real one by `MEDIA_URL=http://… npm test -- test/contracts`.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { connect, createServer as createTcpServer, type AddressInfo, type Server, type Socket } from "node:net";

export type FakeVersion = "1.5.1" | "1.20.1";
export type FakeMediamtx = {
  /** Of its control API. */
  url: string;
  rtsp_url: string;
  /** What its file says is there again, and nothing else. */
  restart(): void;
  close(): Promise<void>;
};
type PathConf = { source: string; sourceOnDemand: boolean; rtspTransport: string };
type State = {
  version: FakeVersion;
  global: Record<string, unknown>;
  paths: Map<string, PathConf>;
  /** Lines to cameras, by path. */
  sources: Map<string, Socket>;
};
type Answer = { status: number; body?: unknown };

/** As long as it waits for an answer about a reader; a real one waits for its `readTimeout` of 10 s. */
const HOOK_MS = 300;

const fileOf = (version: FakeVersion, auth_url: string): Record<string, unknown> =>
  version === "1.5.1"
    ? { externalAuthenticationURL: auth_url, rtspAddress: ":8554" }
    : { authMethod: "http", authHTTPAddress: auth_url, authHTTPExclude: [{ action: "api", path: "" }] };

/** `auth_url`: whom its file says that it asks. `port`: of its control API, for one that comes back. */
export const fakeMediamtx = async (version: FakeVersion, auth_url: string, port = 0): Promise<FakeMediamtx> => {
  const state: State = { version, global: fileOf(version, auth_url), paths: new Map(), sources: new Map() };
  const api = createServer((request, response) => {
    bodyOf(request).then(
      (body) => {
        const { status, body: said } = answerTo(state, request.method ?? "", request.url ?? "", body);
        response.writeHead(status, { "content-type": "application/json", server: "fake of MediaMTX" });
        response.end(said === undefined ? "" : JSON.stringify(said));
      },
      () => response.writeHead(400).end(),
    );
  });
  const readers = new Set<Socket>();
  const rtsp = createTcpServer((socket) => {
    readers.add(socket);
    socket.on("close", () => readers.delete(socket));
    socket.on("error", () => undefined);
    serveReader(socket, state);
  });
  const [apiPort, rtspPort] = [await listen(api, port), await listen(rtsp, 0)];
  const hangUp = (): void => {
    for (const socket of [...readers, ...state.sources.values()]) socket.destroy();
    state.sources.clear();
  };
  return {
    url: `http://127.0.0.1:${apiPort}`,
    rtsp_url: `rtsp://127.0.0.1:${rtspPort}`,
    restart: () => {
      hangUp();
      state.paths.clear();
      state.global = fileOf(version, auth_url);
    },
    close: async () => {
      hangUp();
      api.closeAllConnections();
      for (const server of [api, rtsp]) server.close();
      await Promise.all([once(api, "close"), once(rtsp, "close")]);
    },
  };
};

const listen = async (server: Server, wanted: number): Promise<number> => {
  server.listen(wanted, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
};

const bodyOf = async (request: IncomingMessage): Promise<Record<string, unknown>> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString() || "{}") as Record<string, unknown>;
};

const done = ({ version }: State): Answer =>
  version === "1.5.1" ? { status: 200 } : { status: 200, body: { status: "ok" } };
const refused = (status: number, error: string): Answer => ({ status, body: { error } });

const answerTo = (state: State, method: string, url: string, body: Record<string, unknown>): Answer => {
  const { pathname, searchParams } = new URL(url, "http://fake");
  const [, verb = "", name = ""] = /^\/v3\/config\/paths\/(add|patch|delete)\/(.+)$/.exec(pathname) ?? [];
  if (verb !== "") return changePath(state, verb, name, body);
  if (pathname === "/v3/info" && state.version === "1.20.1") return { status: 200, body: { version: "v1.20.1" } };
  if (pathname === "/v3/config/global/get") return { status: 200, body: state.global };
  if (pathname === "/v3/config/global/patch" && method === "PATCH") {
    const unknown = Object.keys(body).find((key) => !(key in state.global));
    if (unknown !== undefined) return refused(400, `json: unknown field "${unknown}"`);
    state.global = { ...state.global, ...body };
    return done(state);
  }
  if (pathname === "/v3/config/paths/list")
    return page(
      [...state.paths].map(([of, conf]) => ({ name: of, ...conf, record: false })),
      searchParams,
    );
  if (pathname === "/v3/paths/list")
    return page(
      [...state.paths.keys()].map((of) => activeOf(state, of)),
      searchParams,
    );
  return refused(404, "not found");
};

const changePath = (state: State, verb: string, name: string, body: Record<string, unknown>): Answer => {
  const there = state.paths.get(name);
  const unknown = Object.keys(body).find((key) => !["source", "sourceOnDemand", "rtspTransport"].includes(key));
  if (unknown !== undefined) return refused(400, `json: unknown field "${unknown}"`);
  if (verb === "add" && there) return refused(400, `path already exists, with source ${there.source}`);
  if (verb !== "add" && !there) return refused(404, "path configuration not found");
  state.sources.get(name)?.destroy();
  state.sources.delete(name);
  if (verb === "delete") state.paths.delete(name);
  else {
    const settings = {
      source: "publisher",
      sourceOnDemand: false,
      rtspTransport: "automatic",
      ...there,
      ...body,
    } as PathConf;
    state.paths.set(name, settings);
    if (!settings.sourceOnDemand && settings.source !== "publisher") void dial(state, name);
  }
  return done(state);
};

const page = (all: readonly unknown[], query: URLSearchParams): Answer => {
  const size = Number(query.get("itemsPerPage") ?? 100);
  const at = Number(query.get("page") ?? 0) * size;
  const body = { itemCount: all.length, pageCount: Math.ceil(all.length / size), items: all.slice(at, at + size) };
  return { status: 200, body };
};

const activeOf = ({ version, sources }: State, name: string) => {
  const ready = sources.get(name)?.readyState === "open";
  const facts = {
    name,
    confName: name,
    source: ready ? { type: "rtspSource", id: "" } : null,
    ready,
    readyTime: ready ? "2026-03-04T12:00:00.123456789-03:00" : null,
    tracks: ready ? ["H264"] : [],
    bytesReceived: ready ? 1 : 0,
    bytesSent: 0,
    readers: [],
  };
  if (version === "1.5.1") return facts;
  return { ...facts, available: ready, online: ready, tracks2: [], inboundBytes: ready ? 1 : 0, outboundBytes: 0 };
};

const dial = async (state: State, name: string): Promise<boolean> => {
  if (state.sources.get(name)?.readyState === "open") return true;
  const { hostname, port } = new URL(state.paths.get(name)?.source ?? "rtsp://127.0.0.1:1");
  const socket = connect(Number(port), hostname);
  state.sources.set(name, socket);
  socket.on("error", () => undefined);
  await once(socket, "connect").catch(() => null);
  return socket.readyState === "open";
};

/** The first request of each reader, and its end. */
const serveReader = (socket: Socket, state: State): void => {
  let head = "";
  socket.on("data", (chunk: Buffer) => {
    head += chunk.toString("latin1");
    if (!head.includes("\r\n\r\n")) return;
    const [, address = ""] = /^DESCRIBE (\S+) RTSP/.exec(head) ?? [];
    head = "";
    describe(state, address).then(
      (status) => socket.end(`RTSP/1.0 ${status} Answer\r\nCSeq: 1\r\nContent-Length: 0\r\n\r\n`),
      () => socket.destroy(),
    );
  });
};

const describe = async (state: State, address: string): Promise<number> => {
  const url = new URL(address);
  const name = url.pathname.slice(1);
  if (!(await mayRead(state, name, url.search.slice(1)))) return 401;
  if (!state.paths.has(name)) return 404;
  return (await dial(state, name)) ? 200 : 404;
};

/** Any 20x lets in. No answer in time, another one, or a way elsewhere does not. */
const mayRead = async ({ version, global }: State, path: string, query: string): Promise<boolean> => {
  const auth_url = (global["externalAuthenticationURL"] ?? global["authHTTPAddress"] ?? "") as string;
  const isOpen = auth_url === "" || (version === "1.20.1" && global["authMethod"] !== "http");
  if (isOpen) return true;
  const facts = { ip: "127.0.0.1", user: "", password: "", path, protocol: "rtsp", id: "1", action: "read", query };
  const body = JSON.stringify(version === "1.5.1" ? facts : { ...facts, token: "", userAgent: "" });
  const asked = { method: "POST", body, redirect: "manual", signal: AbortSignal.timeout(HOOK_MS) } as const;
  const answer = await fetch(auth_url, asked).catch(() => null);
  await answer?.body?.cancel();
  return answer !== null && answer.status >= 200 && answer.status < 300;
};
