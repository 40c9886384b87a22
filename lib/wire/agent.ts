/**
 * The agent's control connection: one WebSocket that the agent dials, `GET /agents/control` with
 * `Authorization: Bearer <its own EdDSA token>`. JSON texts both ways, one message each. It carries commands and hints only:
 * everything that must not be lost goes over HTTP functions.
 */
import * as z from "zod";

/** Of the cache: whichever gateway holds the agent hears it. */
export const commandChannel = (agent_id: string): string => `agents:${agent_id}`;

export const ToAgent = z.discriminatedUnion("type", [
  /** The desired state has changed: ask for it now. */
  z.object({ type: z.literal("desired_state_changed") }),
  /** Look at `POST /api/agents/probes/next` now. */
  z.object({ type: z.literal("probe_waiting") }),
  /** Somebody watches: dial `GET /agents/live/<camera_id>` and send fragments until that socket closes. */
  z.object({ type: z.literal("open_live"), camera_id: z.uuid() }),
  z.object({ type: z.literal("restart_camera"), camera_id: z.uuid() }),
  /** Answered at once with `pong` and the agent's clock. */
  z.object({ type: z.literal("ping"), sent_at: z.number() }),
]);
export type ToAgent = z.infer<typeof ToAgent>;

/** Word of `cameras.status`, in the client's Portuguese. */
export const CameraStatus = z.enum(["INATIVA", "CONECTANDO", "ONLINE", "PARADA", "OFFLINE", "DISCO_CHEIO"]);
export type CameraStatus = z.infer<typeof CameraStatus>;

/**
 * Why a camera is not well; also the closed words of a probe.
 * `name_not_found refused unreachable no_answer not_rtsp wrong_password not_allowed no_video codec` come from dialling,
 * `silent` no bytes for 2 s, `repeating` bytes come, but for 15 s no new picture (recording goes on), `no_key_frames`, `recorder` FFmpeg keeps failing, `agent_away` said by the gateway when the agent's connection is gone, `disk_reserve` the volume's reserve is reached.
 */
export const CameraCause = z.enum([
  "name_not_found",
  "refused",
  "unreachable",
  "no_answer",
  "not_rtsp",
  "wrong_password",
  "not_allowed",
  "no_video",
  "codec",
  "silent",
  "repeating",
  "no_key_frames",
  "recorder",
  "disk_reserve",
  "stopped_by_operator",
  "agent_away",
]);
export type CameraCause = z.infer<typeof CameraCause>;

export const CameraState = z.object({
  camera_id: z.uuid(),
  status: CameraStatus,
  cause: CameraCause.nullable(),
  /** Server time, ms since 1970. */
  since_ms: z.number(),
  recording: z.boolean(),
  /** Of the last access unit that reached the relay. */
  last_captured_at_ms: z.number().nullable(),
  bytes_per_second: z.number().int().nonnegative(),
  /** How often the watchdog has dialled it anew since the agent began: no bytes, or no key frames. */
  watchdog_restarts: z.number().int().nonnegative().default(0),
  /** Key frames of it that nobody looked at for plates, and what was read in them at its site and lost, since the agent began. */
  key_frames_lost: z.number().int().nonnegative().optional(),
});
export type CameraState = z.infer<typeof CameraState>;

export const FromAgent = z.discriminatedUnion("type", [
  /** Answer to `ping`: the gateway computes the clock offset of the round trip with the least delay. */
  z.object({ type: z.literal("pong"), sent_at: z.number(), agent_clock_ms: z.number() }),
  /** All cameras, every 2 s and at each change. Transient: shown, cached 10 s, never stored by the gateway. */
  z.object({ type: z.literal("states"), cameras: z.array(CameraState) }),
]);
export type FromAgent = z.infer<typeof FromAgent>;
