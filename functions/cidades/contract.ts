/** All that others may know of the cidades context. */
import * as z from "zod";
import { eventType } from "#lib/events.ts";
import { CameraCause, CameraState, CameraStatus } from "#lib/wire/agent.ts";
import { Page, Time, listOf } from "#lib/wire/lists.ts";

export const RetentionPlan = z.union([z.literal(7), z.literal(15), z.literal(30)]);
export const Estado = z.string().regex(/^[A-Z]{2}$/);

export const City = z.object({
  id: z.uuid(),
  nome: z.string(),
  estado: z.string(),
  plano_retencao_dias: RetentionPlan,
  fuso_horario: z.string(),
  is_active: z.boolean(),
  version: z.int(),
  created_at: Time,
});
export type City = z.infer<typeof City>;
export const NewCity = z.strictObject({
  nome: z.string().trim().min(2).max(255),
  estado: Estado,
  plano_retencao_dias: RetentionPlan,
  fuso_horario: z.string().max(60).default("America/Sao_Paulo"),
});
/** `If-Match: "<version>"` is asked for. */
export const CityChange = z.strictObject({
  id: z.uuid(),
  nome: z.string().trim().min(2).max(255).optional(),
  plano_retencao_dias: RetentionPlan.optional(),
  fuso_horario: z.string().max(60).optional(),
  is_active: z.boolean().optional(),
});
export const CityList = listOf(City);

export const UploadPolicy = z.enum(["everything", "events", "on_demand"]);

/** The address itself is never answered; `endereco_rtsp` is host and port. */
export const Camera = z.object({
  id: z.uuid(),
  cidade_id: z.uuid(),
  agent_id: z.uuid().nullable(),
  nome: z.string(),
  localizacao: z.string().nullable(),
  endereco_rtsp: z.string().nullable(),
  has_credentials: z.boolean(),
  status: CameraStatus,
  status_cause: CameraCause.nullable(),
  status_since: Time,
  recording: z.boolean(),
  upload_policy: UploadPolicy,
  is_active: z.boolean(),
  stream: z
    .object({
      codec: z.string(),
      width: z.int(),
      height: z.int(),
      fps: z.number().nullable(),
      key_frame_seconds: z.number().nullable(),
    })
    .nullable(),
  version: z.int(),
  created_at: Time,
});
export type Camera = z.infer<typeof Camera>;

/** `rtsp://` or `rtsps://`, with a host; user and password may stand in it. At most 500 characters. Else 422 `camera.url_scheme` / `camera.url_form`. */
export const RtspUrl = z.string().trim().min(1).max(500);
export const CameraName = z.string().trim().min(1).max(255);

export const NewCamera = z.strictObject({
  cidade_id: z.uuid(),
  nome: CameraName,
  localizacao: z.string().trim().max(500).optional(),
  /** Without it the camera only posts plate reads. */
  url_rtsp: RtspUrl.optional(),
  /** Default: the city's only active agent; 422 `camera.agent_needed` when there are several. */
  agent_id: z.uuid().optional(),
  upload_policy: UploadPolicy.default("everything"),
  /** Begin to record at once. */
  record: z.boolean().default(true),
});
export const CameraChange = z.strictObject({
  id: z.uuid(),
  nome: CameraName.optional(),
  localizacao: z.string().trim().max(500).nullable().optional(),
  url_rtsp: RtspUrl.optional(),
  agent_id: z.uuid().optional(),
  upload_policy: UploadPolicy.optional(),
  is_active: z.boolean().optional(),
});
export const CameraQuery = Page.extend({ cidade_id: z.uuid(), is_active: z.boolean().optional() });
export const CameraList = listOf(Camera);
export const ById = z.strictObject({ id: z.uuid() });
/** The key is shown once. */
export const CameraKey = z.object({ id: z.uuid(), camera_id: z.uuid(), key: z.string() });

export const ProbeFound = z.object({
  codec: z.string(),
  width: z.int().nullable(),
  height: z.int().nullable(),
  fps: z.number().nullable(),
  /** Mean distance of key frames seen, s; null when fewer than two came within the probe's time. */
  key_frame_seconds: z.number().nullable(),
  bits_per_second: z.int().nullable(),
  audio_codec: z.string().nullable(),
});
export const Probe = z.object({
  id: z.uuid(),
  cidade_id: z.uuid(),
  agent_id: z.uuid(),
  camera_id: z.uuid().nullable(),
  status: z.enum(["pending", "ok", "failed", "timeout"]),
  cause: CameraCause.nullable(),
  found: ProbeFound.nullable(),
  created_at: Time,
  finished_at: Time.nullable(),
});
export type Probe = z.infer<typeof Probe>;
/** Either an address not yet saved or a camera's own. */
export const NewProbe = z.strictObject({
  cidade_id: z.uuid(),
  agent_id: z.uuid().optional(),
  url_rtsp: RtspUrl.optional(),
  camera_id: z.uuid().optional(),
});
export const ProbeQuery = z.strictObject({ id: z.uuid() });

export const Agent = z.object({
  id: z.uuid(),
  cidade_id: z.uuid(),
  nome: z.string(),
  enrolled_at: Time.nullable(),
  last_seen_at: Time.nullable(),
  program_version: z.string().nullable(),
  is_active: z.boolean(),
  created_at: Time,
});
export type Agent = z.infer<typeof Agent>;
export const NewAgent = z.strictObject({ cidade_id: z.uuid(), nome: z.string().trim().min(2).max(200) });
/** The code is shown once, works once, for 24 h. */
export const AgentWithCode = Agent.extend({ enrolment_code: z.string(), enrolment_expires_at: Time });
export const AgentQuery = Page.extend({ cidade_id: z.uuid() });
export const AgentList = listOf(Agent);

// What an agent asks and tells -------------------------------------------------------------------------------------

/** `public_key` is an Ed25519 JWK; the agent signs `{aud: "gt-vision", exp ≤ 120 s}` with `kid` = its id, alg EdDSA. */
export const Enrol = z.strictObject({
  code: z.string().min(10).max(200),
  public_key: z.strictObject({ kty: z.literal("OKP"), crv: z.literal("Ed25519"), x: z.string().length(43) }),
  program_version: z.string().max(60),
});
export const Enrolled = z.object({ agent_id: z.uuid(), cidade_id: z.uuid() });

export const DesiredCamera = z.object({
  id: z.uuid(),
  cidade_id: z.uuid(),
  nome: z.string(),
  /** With credentials, over this authenticated answer only. Never to be logged. */
  url_rtsp: z.string(),
  /** Present when it is to be recorded. */
  recording_id: z.uuid().nullable(),
  upload_policy: UploadPolicy,
});
export type DesiredCamera = z.infer<typeof DesiredCamera>;
export const DesiredState = z.object({
  cameras: z.array(DesiredCamera),
  /** Changes with any of the above; an agent that sends it back as `If-None-Match`… gets the same answer, so: compare. */
  revision: z.string(),
  server_time_ms: z.number(),
});
export type DesiredState = z.infer<typeof DesiredState>;

/** At most one waiting probe; `null` when there is none. */
export const WaitingProbe = z.object({ probe: z.object({ id: z.uuid(), url_rtsp: z.string() }).nullable() });
export const ProbeResult = z.strictObject({
  id: z.uuid(),
  ok: z.boolean(),
  cause: CameraCause.nullable(),
  found: ProbeFound.nullable(),
});

/** Kept beside the transient states on the control connection: what the camera list shows after a restart. */
export const CameraStates = z.strictObject({ cameras: z.array(CameraState).max(1000) });

export const Empty = z.strictObject({});
export const Nothing = z.null();

// Events -------------------------------------------------------------------------------------------------------------
export const CameraCreated = eventType(
  "camera.created",
  1,
  z.object({ camera_id: z.uuid(), cidade_id: z.uuid(), agent_id: z.uuid().nullable(), record: z.boolean() }),
);
export const CameraUpdated = eventType(
  "camera.updated",
  1,
  z.object({ camera_id: z.uuid(), cidade_id: z.uuid(), agent_id: z.uuid().nullable() }),
);
export const CameraDeleted = eventType(
  "camera.deleted",
  1,
  z.object({ camera_id: z.uuid(), cidade_id: z.uuid(), agent_id: z.uuid().nullable() }),
);
export const CityStoragePlanChanged = eventType(
  "city.storage_plan_changed",
  1,
  z.object({ cidade_id: z.uuid(), old_days: z.int(), new_days: z.int() }),
);
export const ProbeRequested = eventType(
  "camera.probe_requested",
  1,
  z.object({ probe_id: z.uuid(), cidade_id: z.uuid(), agent_id: z.uuid() }),
);
export const ProbeFinished = eventType("camera.probed", 1, z.object({ probe_id: z.uuid(), cidade_id: z.uuid() }));
export const StreamHealthCheck = eventType(
  "stream.health_check",
  1,
  z.object({
    camera_id: z.uuid(),
    cidade_id: z.uuid(),
    status: CameraStatus,
    cause: CameraCause.nullable(),
    since_ms: z.number(),
  }),
);

// Functions (name · route · access):
// create-city, list-cities, read-city, update-city   POST, GET /api/cities · GET, PATCH /api/cities/{id}   cities.manage (list/read: session)
// create-camera, list-cameras, read-camera, update-camera   POST, GET /api/cameras · GET, PATCH /api/cameras/{id}   cameras.manage / cameras.view
// create-camera-key        POST /api/cameras/{id}/keys           cameras.manage
// request-probe            POST /api/probes (202)                cameras.manage
// read-probe               GET  /api/probes/{id}                 cameras.manage
// expire-probes            cron, every minute: pending > 15 s → timeout (read-probe also says timeout by itself)
// create-agent, list-agents   POST, GET /api/agents              agents.manage
// enrol-agent              POST /api/agents/enrol                anyone (gt_system; once)
// read-desired-state       GET  /api/agents/desired-state        agent
// take-probe               POST /api/agents/probes/take          agent → WaitingProbe
// report-probe             POST /api/agents/probes/report        agent
// report-camera-states     POST /api/agents/camera-states        agent (rows only where something changed; emits stream.health_check)
// hint-agent               queue camera.created/updated/deleted, camera.probe_requested, recording.* → gateway hint by cache channel `agents:<agent_id>`
//                          (one function per event type: hint-agent-of-…; message is a ToAgent as JSON)
