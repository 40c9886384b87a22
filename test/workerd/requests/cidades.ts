import { uuidv7 } from "#lib/ids.ts";
import { RTSP } from "../scene.ts";
import { line, type Line } from "./line.ts";

export const cidades: Record<string, Line> = {
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
