/** A real request to each HTTP function: what must be there before, what is asked, which status is right. */
import { hashOf, newSecret } from "#functions/admin/secrets.ts";
import { REFRESH_COOKIE } from "#functions/admin/sessions.ts";
import { uuidv7 } from "#lib/ids.ts";
import { sitePlateOf } from "#lib/wire/site-looks.ts";
import type { TestClient } from "#test/harness/host.ts";
import { tinyJpeg } from "#test/harness/plates.ts";
import { foundOf, plate } from "#test/harness/sight.ts";
import { RTSP, SHA256, type Scene } from "./scene.ts";

export type Asked = {
  path: string;
  /** Default: POST with a body, GET without. */
  method?: string;
  body?: unknown;
  as?: Pick<TestClient, "authorization">;
  headers?: Record<string, string>;
};
export type Line = { status: number; ask(scene: Scene): Promise<Asked> };

const line = (status: number, ask: Line["ask"]): Line => ({ status, ask });
const JPEG = tinyJpeg.toString("base64");
const password = "correto cavalo bateria grampo";
const person = () => ({ nome: "Pessoa de Teste", email: `${uuidv7()}@example.org`, password });

const link = async ({ sql, root }: Scene, kind: "invitation" | "password_reset"): Promise<string> => {
  const secret = newSecret();
  await sql`insert into one_time_links (id, kind, secret_hash, user_id, created_at, expires_at)
    values (${uuidv7()}, ${kind}, ${hashOf(secret)}, ${root.id}, now(), now() + interval '1 hour')`;
  return secret;
};
const someRole = async ({ made, root }: Scene): Promise<string> =>
  (await made("/api/roles", { name: uuidv7(), permissions: ["live.view"] }, root)).id;

const admin: Record<string, Line> = {
  "accept-link": line(201, async (scene) => ({
    path: "/api/links/accept",
    body: { ...person(), email: `${scene.root.id}@example.org`, secret: await link(scene, "invitation") },
  })),
  "check-link": line(200, async (scene) => ({
    path: "/api/links/check",
    body: { secret: await link(scene, "password_reset") },
  })),
  "create-role": line(201, async ({ root }) => ({
    path: "/api/roles",
    body: { name: uuidv7(), permissions: ["live.view"] },
    as: root,
  })),
  "create-user": line(201, async (scene) => ({
    path: "/api/users",
    body: { ...person(), roles: [{ role_id: await someRole(scene), cidade_id: scene.cidade_id }] },
    as: scene.operator,
  })),
  "list-audit": line(200, async (scene) => {
    await scene.camera();
    return { path: `/api/audit?cidade_id=${scene.cidade_id}&limit=2`, as: scene.operator };
  }),
  "list-roles": line(200, async ({ operator }) => ({ path: "/api/roles?limit=1", as: operator })),
  "list-users": line(200, async ({ operator }) => ({ path: "/api/users", as: operator })),
  "open-socket": line(201, async ({ operator }) => ({ path: "/api/sessions/socket-ticket", body: {}, as: operator })),
  "read-jwks": line(200, async () => ({ path: "/api/jwks" })),
  "refresh-session": line(200, async ({ sql, operator }) => {
    const refresh = newSecret();
    await sql`update sessions set refresh_hash = ${hashOf(refresh)}, last_used_at = now() where user_id = ${operator.id}`;
    return { path: "/api/sessions/refresh", body: {}, headers: { cookie: `${REFRESH_COOKIE}=${refresh}` } };
  }),
  "sign-in": line(201, async (scene) => {
    const { email, ...rest } = person();
    const roles = [{ role_id: await someRole(scene), cidade_id: scene.cidade_id }];
    await scene.made("/api/users", { email, ...rest, roles });
    return { path: "/api/sessions", body: { email, password } };
  }),
  "sign-out": line(204, async ({ operator }) => ({ path: "/api/sessions/end", body: {}, as: operator })),
  "update-user": line(200, async (scene) => {
    const { host, cidade_id, operator } = scene;
    const { id } = await host.as(["live.view"], [cidade_id]);
    const roles = [{ role_id: await someRole(scene), cidade_id }];
    const body = { nome: "Outro Nome", is_active: false, roles };
    return { path: `/api/users/${id}`, method: "PATCH", body, headers: { "if-match": '"1"' }, as: operator };
  }),
};

const cidades: Record<string, Line> = {
  "create-agent": line(201, async ({ cidade_id, operator }) => ({
    path: "/api/agents",
    body: { cidade_id, nome: "Delegacia" },
    as: operator,
  })),
  "create-camera": line(201, async ({ cidade_id, operator, agent }) => {
    await agent();
    return { path: "/api/cameras", body: { cidade_id, nome: "Praça", url_rtsp: RTSP }, as: operator };
  }),
  "create-camera-key": line(201, async ({ operator, camera }) => ({
    path: `/api/cameras/${(await camera()).camera_id}/keys`,
    body: {},
    as: operator,
  })),
  "create-city": line(201, async ({ root }) => ({
    path: "/api/cities",
    body: { nome: `Cidade ${uuidv7()}`, estado: "SP", plano_retencao_dias: 15 },
    as: root,
  })),
  "enrol-agent": line(201, async ({ made, cidade_id }) => {
    const { enrolment_code } = await made<{ enrolment_code: string }>("/api/agents", { cidade_id, nome: "Guarda" });
    const pair = (await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"])) as CryptoKeyPair;
    const { kty, crv, x } = await crypto.subtle.exportKey("jwk", pair.publicKey);
    const body = { code: enrolment_code, public_key: { kty, crv, x }, program_version: "0.1.0" };
    return { path: "/api/agents/enrol", body };
  }),
  "list-agents": line(200, async ({ cidade_id, operator, agent }) => {
    await agent();
    return { path: `/api/agents?cidade_id=${cidade_id}`, as: operator };
  }),
  "list-cameras": line(200, async ({ cidade_id, operator, camera }) => {
    await camera();
    return { path: `/api/cameras?cidade_id=${cidade_id}`, as: operator };
  }),
  "list-cities": line(200, async ({ operator }) => ({ path: "/api/cities", as: operator })),
  "read-camera": line(200, async ({ operator, camera }) => ({
    path: `/api/cameras/${(await camera()).camera_id}`,
    as: operator,
  })),
  "read-city": line(200, async ({ cidade_id, operator }) => ({ path: `/api/cities/${cidade_id}`, as: operator })),
  "read-desired-state": line(200, async ({ camera }) => ({
    path: "/api/agents/desired-state",
    as: (await camera()).agent,
  })),
  "read-probe": line(200, async ({ operator, probe }) => ({
    path: `/api/probes/${(await probe()).probe.id}`,
    as: operator,
  })),
  "report-camera-states": line(204, async ({ camera }) => {
    const { agent, camera_id } = await camera();
    const state = { camera_id, status: "ONLINE", cause: null, since_ms: Date.now(), recording: true };
    const cameras = [{ ...state, last_captured_at_ms: null, bytes_per_second: 0 }];
    return { path: "/api/agents/camera-states", body: { cameras }, as: agent };
  }),
  "report-probe": line(204, async ({ probe }) => {
    const { agent, probe: asked } = await probe();
    const body = { id: asked.id, ok: false, cause: "refused", found: null };
    return { path: "/api/agents/probes/report", body, as: agent };
  }),
  "request-probe": line(202, async ({ cidade_id, operator, agent }) => {
    await agent();
    return { path: "/api/probes", body: { cidade_id, url_rtsp: RTSP }, as: operator };
  }),
  "take-probe": line(200, async ({ probe }) => ({
    path: "/api/agents/probes/take",
    body: {},
    as: (await probe()).agent,
  })),
  "update-camera": line(200, async ({ operator, camera }) => ({
    path: `/api/cameras/${(await camera()).camera_id}`,
    method: "PATCH",
    body: { nome: "Portão norte" },
    headers: { "if-match": "*" },
    as: operator,
  })),
  "update-city": line(200, async ({ cidade_id, operator }) => ({
    path: `/api/cities/${cidade_id}`,
    method: "PATCH",
    body: { plano_retencao_dias: 30 },
    headers: { "if-match": "*" },
    as: operator,
  })),
};

const streaming: Record<string, Line> = {
  "create-clip": line(202, async ({ operator, recorded }) => {
    const { camera_id, from, to } = await recorded();
    return { path: "/api/clips", body: { camera_id, start_time: from, end_time: to }, as: operator };
  }),
  "download-clip": line(200, async ({ operator, clip, sql }) => {
    const { id } = await clip();
    await sql`update clips set status = 'READY', storage_path = ${`${id}.mp4`}, sha256 = ${SHA256}, bytes = 37 where id = ${id}`;
    return { path: `/api/clips/${id}/download`, body: {}, as: operator };
  }),
  "list-clips": line(200, async ({ cidade_id, operator, clip }) => {
    await clip();
    return { path: `/api/clips?cidade_id=${cidade_id}`, as: operator };
  }),
  "list-segments": line(200, async ({ operator, recorded }) => ({
    path: `/api/segments?${new URLSearchParams(await recorded())}`,
    as: operator,
  })),
  "open-stream": line(200, async ({ operator, camera }) => ({
    path: "/api/streams/open",
    body: { camera_id: (await camera()).camera_id, action: "live" },
    as: operator,
  })),
  "read-clip": line(200, async ({ operator, clip }) => ({ path: `/api/clips/${(await clip()).id}`, as: operator })),
  "read-last-frame": line(200, async ({ operator, camera, host }) => {
    const { camera_id } = await camera();
    const kept = JSON.stringify({ key: `${camera_id}/last.jpg`, captured_at: new Date().toISOString() });
    await host.cache.set(`camera:${camera_id}:last_picture`, kept, { ttl_seconds: 60 });
    return { path: `/api/cameras/${camera_id}/last-frame`, as: operator };
  }),
  "read-timeline": line(200, async ({ operator, recorded }) => ({
    path: `/api/timeline?${new URLSearchParams(await recorded())}`,
    as: operator,
  })),
  "release-retention": line(200, async ({ cidade_id, operator }) => ({
    path: "/api/retention/release",
    body: { cidade_id },
    as: operator,
  })),
  "report-gaps": line(204, async ({ camera }) => {
    const { agent, camera_id } = await camera();
    const gap = { camera_id, starts_at: new Date().toISOString(), ends_at: null, cause: "camera", detail: null };
    return { path: "/api/agents/gaps", body: { gaps: [gap] }, as: agent };
  }),
  "report-segments": line(200, async ({ segment }) => {
    const reported = await segment();
    return { path: "/api/agents/segments", body: { segments: [reported.segment] }, as: reported.agent };
  }),
  "request-uploads": line(200, async ({ segment }) => {
    const { agent, segment: wanted } = await segment(false);
    const { id, camera_id, bytes, sha256, boot_id, sequence } = wanted;
    const body = { segments: [{ id, camera_id, bytes, sha256, boot_id, sequence }] };
    return { path: "/api/agents/segments/uploads", body, as: agent };
  }),
  "start-recording": line(200, async ({ operator, camera, made }) => {
    const { camera_id } = await camera();
    await made("/api/recordings/stop", { camera_id });
    return { path: "/api/recordings/start", body: { camera_id }, as: operator };
  }),
  "stop-recording": line(200, async ({ operator, camera }) => ({
    path: "/api/recordings/stop",
    body: { camera_id: (await camera()).camera_id },
    as: operator,
  })),
};

const ai: Record<string, Line> = {
  "count-vehicles": line(200, async ({ alert }) => {
    const { cidade_id, operator } = await alert();
    return { path: `/api/vehicle-counts?cidade_id=${cidade_id}`, as: operator };
  }),
  "acknowledge-alert": line(200, async ({ alert }) => {
    const { alert_id, operator } = await alert();
    return { path: `/api/alerts/${alert_id}/acknowledge`, body: {}, as: operator };
  }),
  "correct-plate": line(201, async ({ alert }) => {
    const { read_id, operator } = await alert();
    const body = { plate: "ABC1D24", reason: "visto na imagem" };
    return { path: `/api/plates/${read_id}/corrections`, body, as: operator };
  }),
  "create-watchlist": line(201, async ({ cidade_id, operator }) => ({
    path: "/api/watchlists",
    body: { cidade_id, nome: "Procurados" },
    as: operator,
  })),
  "create-watchlist-entry": line(201, async ({ operator, entry }) => ({
    path: "/api/watchlist-entries",
    body: await entry(),
    as: operator,
  })),
  "list-alerts": line(200, async ({ alert }) => {
    const { cidade_id, operator } = await alert();
    return { path: `/api/alerts?cidade_id=${cidade_id}`, as: operator };
  }),
  "list-plates": line(200, async ({ alert }) => {
    const { cidade_id, operator } = await alert();
    return { path: `/api/plates?cidade_id=${cidade_id}`, as: operator };
  }),
  "list-watchlist-entries": line(200, async ({ cidade_id, operator, entry, made }) => {
    await made("/api/watchlist-entries", await entry());
    return { path: `/api/watchlist-entries?cidade_id=${cidade_id}`, as: operator };
  }),
  "list-watchlists": line(200, async ({ cidade_id, operator, watchlist }) => {
    await watchlist();
    return { path: `/api/watchlists?cidade_id=${cidade_id}`, as: operator };
  }),
  "read-alert": line(200, async ({ alert }) => {
    const { alert_id, operator } = await alert();
    return { path: `/api/alerts/${alert_id}`, as: operator };
  }),
  "read-plate": line(200, async ({ alert }) => {
    const { read_id, operator } = await alert();
    return { path: `/api/plates/${read_id}`, as: operator };
  }),
  "receive-lpr-event": line(202, async ({ host, cidade_id }) => ({
    path: "/api/lpr/events",
    body: { plate: "ABC1D23", confidence: 0.9, detected_at: new Date().toISOString() },
    as: await host.asCamera(cidade_id),
  })),
  "receive-site-looks": line(200, async ({ camera }) => {
    const { agent, camera_id } = await camera();
    const body = {
      frame_id: uuidv7(),
      camera_id,
      captured_at: new Date().toISOString(),
      reader_version: "test-1",
      picture: { width: 1280, height: 720 },
      plates: [sitePlateOf(foundOf(plate("ABC1D23")))],
      carriers: null,
      passers: [],
      photographs: { scene: JPEG, plates: [{ of: 0, plate: JPEG }] },
    };
    return { path: "/api/agents/looks", body, as: agent };
  }),
  "remove-watchlist-entry": line(204, async ({ operator, entry, made }) => ({
    path: `/api/watchlist-entries/${(await made("/api/watchlist-entries", await entry())).id}`,
    method: "DELETE",
    as: operator,
  })),
  "search-plates": line(200, async ({ alert }) => {
    const { cidade_id, operator } = await alert();
    const body = { cidade_ids: [cidade_id], plate: "?BC1*", purpose: "stolen_vehicle" };
    return { path: "/api/plates/search", body, as: operator };
  }),
};

/** By the name of the function. */
export const requests: Record<string, Line> = { ...admin, ...cidades, ...streaming, ...ai };
