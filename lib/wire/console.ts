/**
 * The console's one WebSocket: `GET /console/socket?ticket=<single-use, ≤ 60 s>`. JSON texts and, for live video, binary
 * messages (`lib/wire/live.ts`). The server closes with 4401 when the session has ended; the client then signs in again.
 */
import * as z from "zod";
import { CameraState } from "#lib/wire/agent.ts";
import { LiveInit } from "#lib/wire/live.ts";

export const FromConsole = z.discriminatedUnion("type", [
  /** `token` is what `open-stream` answered for this camera and the action `live`. `channel` is chosen by the client. */
  z.object({ type: z.literal("live_open"), channel: z.number().int().min(1).max(65_535), token: z.string().max(2048) }),
  z.object({ type: z.literal("live_close"), channel: z.number().int().min(1).max(65_535) }),
  /** For the clock: answered with `clock` at once. `sent_at` is the client's own number. */
  z.object({ type: z.literal("clock"), sent_at: z.number() }),
]);
export type FromConsole = z.infer<typeof FromConsole>;

/** Why a channel has no picture now; the gateway goes on trying and says `live_init` when there is one. */
export const LiveEndCause = z.enum(["token", "agent_away", "camera", "closed"]);
export type LiveEndCause = z.infer<typeof LiveEndCause>;

/** What changed; the console asks for the thing itself (or takes `data`, which is the thing as its list answers it). */
export const Notification = z.object({
  type: z.literal("notification"),
  /** UUIDv7 of the event behind it: ascending, a client that reconnects asks lists again from here. */
  id: z.uuid(),
  cidade_id: z.uuid(),
  event: z.enum([
    "alert.triggered",
    "alert.acknowledged",
    "lpr.detected",
    "lpr.corrected",
    "clip.ready",
    "clip.failed",
    "camera.changed",
    "recording.started",
    "recording.stopped",
    "camera.probed",
  ]),
  data: z.record(z.string(), z.unknown()),
});
export type Notification = z.infer<typeof Notification>;

export const ToConsole = z.discriminatedUnion("type", [
  /** From here on everything is said. What a client asks for after it, it cannot have missed; what it asked for before, it can. */
  z.object({
    type: z.literal("welcome"),
    server_time_ms: z.number(),
    cities: z.union([z.literal("all"), z.array(z.uuid())]),
  }),
  z.object({ type: z.literal("clock"), sent_at: z.number(), server_time_ms: z.number() }),
  z.object({ type: z.literal("camera_states"), cidade_id: z.uuid(), cameras: z.array(CameraState) }),
  /** Something may not have been said: what matters is to be asked for again. */
  z.object({ type: z.literal("ask_again") }),
  Notification,
  LiveInit,
  z.object({ type: z.literal("live_end"), channel: z.number().int(), cause: LiveEndCause }),
]);
export type ToConsole = z.infer<typeof ToConsole>;

/** Cache channel on which a city's notifications travel between processes. The message is a `Notification` as JSON. */
export const notificationChannel = (cidade_id: string): string => `notifications:${cidade_id}`;
