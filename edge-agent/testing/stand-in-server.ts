/** What an agent needs of a server, in this process: enrolment, desired state, uploads, frames, the control and live sockets. */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { isDeepStrictEqual } from "node:util";
import { importJWK } from "jose/key/import";
import { jwtVerify } from "jose/jwt/verify";
import { WebSocketServer, type WebSocket } from "ws";
import * as z from "zod";
import { CameraStates, Enrol, ProbeResult, type DesiredCamera } from "#functions/cidades/contract.ts";
import { GapReport, SegmentReport, UploadRequest, type NewSegment } from "#functions/streaming/contract.ts";
import { uuidv7 } from "#lib/ids.ts";
import { FromAgent, type CameraState, type ToAgent } from "#lib/wire/agent.ts";

type Gap = z.infer<typeof GapReport>["gaps"][number];
export type Ingested = {
  camera_id: string;
  captured_at_ms: number;
  received_at_ms: number;
  bytes: Buffer;
  read_at_site: boolean;
};
export type LiveMessage = { camera_id: string; data: Buffer | string; received_at_ms: number };

export type StandInServer = {
  url: string;
  /** Replaces the desired state and hints at it. */
  desire(cameras: readonly DesiredCamera[]): void;
  command(message: ToAgent): void;
  /** A probe that waits; resolves with its result. */
  probe(url_rtsp: string): Promise<z.infer<typeof ProbeResult>>;
  /** By name (boot id and sequence): every one that was accepted. */
  segments: Map<string, { segment: NewSegment }>;
  /** Names that were reported again as something else: a report may come twice, but never with another content. */
  conflicts: string[];
  /** By object key. */
  objects: Map<string, Buffer>;
  gaps: Gap[];
  frames: Ingested[];
  live: LiveMessage[];
  states(): CameraState[];
  /** Told by HTTP, for good. */
  toldStates: CameraState[][];
  controls(): number;
  dropControl(): void;
  /** Answers requests whose path it names with this status instead; `null`: as usual. */
  refuse(how: ((path: string) => number | null) | null): void;
  /** Nobody listens any more; what is open is cut. */
  goAway(): Promise<void>;
  /** At the same address. */
  comeBack(): Promise<void>;
  close(): Promise<void>;
};

export const ENROLMENT_CODE = "codigo-de-teste-0123456789";

export const standInServer = async (options: { keep_bytes?: boolean } = {}): Promise<StandInServer> => {
  const state = newState();
  const server = createServer((request, response) => {
    answer(state, options.keep_bytes ?? true, request, response).catch((error: unknown) => {
      response.writeHead(error instanceof z.ZodError ? 422 : 401, { "content-type": "application/problem+json" });
      response.end(JSON.stringify({ code: "refused", detail: String(error) }));
    });
  });
  const sockets = new WebSocketServer({ noServer: true });
  server.on("upgrade", (request, socket, head) => {
    const path = request.url ?? "";
    socket.on("error", () => undefined);
    if (state.refusing?.(path)) return void socket.destroy();
    mustBeTheAgent(state, request).then(
      () => sockets.handleUpgrade(request, socket, head, (opened) => connected(state, path, opened)),
      () => socket.destroy(),
    );
  });
  const listen = (port: number) => new Promise<void>((resolve) => void server.listen(port, "127.0.0.1", resolve));
  const goAway = async (): Promise<void> => {
    for (const socket of sockets.clients) socket.terminate();
    const gone = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await gone;
  };
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const hint = (message: ToAgent): void => {
    for (const control of state.controls) control.send(JSON.stringify(message));
  };
  return {
    url: `http://127.0.0.1:${port}`,
    ...state,
    desire(cameras) {
      state.cameras = cameras;
      hint({ type: "desired_state_changed" });
    },
    command: hint,
    probe(url_rtsp) {
      const id = uuidv7();
      const result = new Promise<z.infer<typeof ProbeResult>>((resolve) => state.probes.set(id, resolve));
      state.waitingProbes.push({ id, url_rtsp });
      hint({ type: "probe_waiting" });
      return result;
    },
    states: () => state.states,
    controls: () => state.controls.size,
    dropControl() {
      for (const control of state.controls) control.terminate();
    },
    refuse: (how) => void (state.refusing = how),
    goAway,
    comeBack: () => listen(port),
    close: goAway,
  };
};

const newState = () => ({
  agent_id: uuidv7(),
  cidade_id: uuidv7(),
  key: null as z.infer<typeof Enrol>["public_key"] | null,
  cameras: [] as readonly DesiredCamera[],
  waitingProbes: [] as { id: string; url_rtsp: string }[],
  probes: new Map<string, (result: z.infer<typeof ProbeResult>) => void>(),
  segments: new Map<string, { segment: NewSegment }>(),
  conflicts: [] as string[],
  objects: new Map<string, Buffer>(),
  hashes: new Map<string, string>(),
  gaps: [] as Gap[],
  frames: [] as Ingested[],
  live: [] as LiveMessage[],
  states: [] as CameraState[],
  toldStates: [] as CameraState[][],
  controls: new Set<WebSocket>(),
  refusing: null as ((path: string) => number | null) | null,
});
type State = ReturnType<typeof newState>;

const mustBeTheAgent = async (state: State, request: IncomingMessage): Promise<void> => {
  if (!state.key) throw new Error("nobody is enrolled");
  const token = (request.headers.authorization ?? "").replace(/^Bearer /, "");
  const key = await importJWK(state.key, "EdDSA");
  await jwtVerify(token, key, { algorithms: ["EdDSA"], audience: "gt-vision", requiredClaims: ["exp"] });
};

const connected = (state: State, path: string, socket: WebSocket): void => {
  const camera_id = /^\/agents\/live\/(.+)$/.exec(path)?.[1];
  if (camera_id !== undefined) {
    socket.on("message", (data: Buffer, isBinary) => {
      state.live.push({ camera_id, data: isBinary ? data : data.toString(), received_at_ms: Date.now() });
    });
    return;
  }
  state.controls.add(socket);
  socket.on("close", () => state.controls.delete(socket));
  socket.on("message", (data: Buffer) => {
    const message = FromAgent.parse(JSON.parse(data.toString()));
    if (message.type === "states") state.states = message.cameras;
  });
};

const answer = async (
  state: State,
  keep_bytes: boolean,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const path = request.url ?? "";
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  const status = state.refusing?.(path) ?? null;
  if (status !== null) return void response.writeHead(status).end();
  const isOpen = path === "/api/agents/enrol" || path.startsWith("/store/");
  if (!isOpen) await mustBeTheAgent(state, request);
  if (path.startsWith("/store/")) return store(state, keep_bytes, path, request, body, response);
  if (path === "/ingest") {
    const { "x-camera-id": camera_id, "x-captured-at": captured, "x-read-at-site": mark } = request.headers;
    const times = { captured_at_ms: Number(captured), received_at_ms: Date.now() };
    const bytes = keep_bytes ? body : Buffer.alloc(0);
    state.frames.push({ camera_id: String(camera_id), ...times, bytes, read_at_site: mark === "true" });
    return void response.writeHead(202).end();
  }
  const json: unknown = body.length === 0 ? null : JSON.parse(body.toString());
  const answered = routes[`${request.method} ${path}`]?.(state, json);
  if (answered === undefined) return void response.writeHead(404).end();
  response.writeHead(answered === null ? 204 : 200, { "content-type": "application/json" });
  response.end(answered === null ? undefined : JSON.stringify(answered));
};

const store = (
  state: State,
  keep_bytes: boolean,
  path: string,
  request: IncomingMessage,
  body: Buffer,
  response: ServerResponse,
): void => {
  const key = path.slice("/store/".length);
  if (state.hashes.has(key)) return void response.writeHead(409).end();
  const sha256 = createHash("sha256").update(body).digest("hex");
  if (sha256 !== request.headers["x-sha256"]) return void response.writeHead(422).end();
  state.hashes.set(key, sha256);
  if (keep_bytes) state.objects.set(key, body);
  response.writeHead(200).end();
};

const keyOf = ({ boot_id, sequence }: { boot_id: string; sequence: number }): string => `${boot_id}-${sequence}`;

const routes: Record<string, (state: State, body: unknown) => unknown> = {
  "POST /api/agents/enrol": (state, body) => {
    const { code, public_key } = Enrol.parse(body);
    if (code !== ENROLMENT_CODE || state.key) throw new Error("the code is not right");
    state.key = public_key;
    return { agent_id: state.agent_id, cidade_id: state.cidade_id };
  },
  "GET /api/agents/desired-state": ({ cameras }) => ({ cameras, revision: "1", server_time_ms: Date.now() }),
  "POST /api/agents/camera-states": (state, body) => {
    state.toldStates.push(CameraStates.parse(body).cameras);
    return null;
  },
  "POST /api/agents/probes/take": ({ waitingProbes }) => ({ probe: waitingProbes.shift() ?? null }),
  "POST /api/agents/probes/report": ({ probes }, body) => {
    const result = ProbeResult.parse(body);
    probes.get(result.id)?.(result);
    return null;
  },
  "POST /api/agents/segments/uploads": ({ hashes }, body) => ({
    uploads: UploadRequest.parse(body).segments.map((segment) => {
      const there = hashes.get(keyOf(segment)) === segment.sha256;
      const headers = { "x-sha256": segment.sha256 };
      const url = there ? null : `/store/${keyOf(segment)}`;
      return { id: segment.id, object_key: keyOf(segment), url, headers: there ? {} : headers };
    }),
  }),
  "POST /api/agents/segments": ({ segments, hashes, conflicts }, body) => {
    const [accepted, refused]: [string[], { id: string; reason: string }[]] = [[], []];
    for (const segment of SegmentReport.parse(body).segments) {
      const stored = hashes.get(keyOf(segment));
      if (stored === segment.sha256) {
        const known = segments.get(keyOf(segment)) ?? { segment };
        if (!isDeepStrictEqual(known.segment, segment)) conflicts.push(keyOf(segment));
        segments.set(keyOf(segment), known);
        accepted.push(segment.id);
      } else refused.push({ id: segment.id, reason: stored === undefined ? "not_stored" : "wrong_bytes" });
    }
    return { accepted, refused };
  },
  "POST /api/agents/gaps": (state, body) => {
    state.gaps.push(...GapReport.parse(body).gaps);
    return null;
  },
};
