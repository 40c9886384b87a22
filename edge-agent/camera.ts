/** One camera made to be as desired: connected, watched over, recorded. It never gives up; it says what is wrong meanwhile. */
import type { DesiredCamera } from "#functions/cidades/contract.ts";
import { NAL, nalType, toAnnexB } from "#lib/media/h264.ts";
import { nalsOf } from "#lib/media/h264-pictures.ts";
import { pause } from "#lib/pause.ts";
import type { CameraCause, CameraState, CameraStatus } from "#lib/wire/agent.ts";
import { backOff } from "./back-off.ts";
import type { KeyFrames } from "./key-frames.ts";
import { cameraLive } from "./camera-live.ts";
import { cameraRecording } from "./camera-recording.ts";
import type { Gaps } from "./gaps.ts";
import type { RecorderNeeds } from "./recorder.ts";
import { causeOf } from "./rtsp/camera-fault.ts";
import { openCamera, type CameraConnection } from "./rtsp/client.ts";
import type { Networks } from "./rtsp/networks.ts";
import type { Server } from "./server.ts";
import { streamTap, type Picture, type Tap } from "./stream-tap.ts";

/** Without bytes for this long it is said to stand still, and after the second time it is dialled anew. */
const [STILL_MS, REDIAL_MS] = [1500, 8000];
const NO_KEY_FRAME_MS = 30_000;
const LOOK_EVERY_MS = 250;
/** Connected this long, its troubles are over. */
const HEALTHY_MS = 10_000;
/** A camera that locks accounts must not be locked by us. */
const WRONG_PASSWORD_MS = 30_000;

export type CameraNeeds = RecorderNeeds & {
  networks: Networks;
  server: Pick<Server, "authorization" | "socketUrl">;
  keyFrames: KeyFrames;
  gaps: Pick<Gaps, "interrupted" | "resumed" | "over">;
  diskFull(): boolean;
  onChange(): void;
};

export type RunningCamera = {
  state(): CameraState;
  /** The address stayed the same: what is recorded may have changed. */
  update(desired: DesiredCamera): void;
  openLive(): void;
  restart(): void;
  /** The connection is closed at once; resolves when what was recorded is journalled. */
  stop(): Promise<void>;
};

/** Why a connection is over; beside what is wrong with a camera: somebody wants it anew, or its clock jumped. */
export type LineEnd = CameraCause | "restart" | "clock";
export type Line = { connection: CameraConnection; tap: Tap; end(why: LineEnd): void };

export const runCamera = (first: DesiredCamera, needs: CameraNeeds): RunningCamera => {
  const camera = { ...first };
  const { id: camera_id } = first;
  const naps = pause();
  const stopping = new AbortController();
  const redial = backOff({ first_ms: 1000, longest_ms: 30_000, breaker_ms: 60_000 });
  const lineNow = (): Line | null => line;
  let line: Line | null = null;
  let shown = { status: "CONECTANDO" as CameraStatus, cause: null as CameraCause | null, since_ms: needs.now() };
  const recording = cameraRecording(camera, needs, lineNow);
  const live = cameraLive(camera_id, needs, lineNow);

  const show = (status: CameraStatus, cause: CameraCause | null): void => {
    if (shown.status === status && shown.cause === cause) return;
    shown = { status, cause, since_ms: needs.now() };
    needs.onChange();
  };

  /** What is to be said while connected. */
  const look = (open: Line): void => {
    const seen = open.tap.seen();
    const now = performance.now();
    const still = now - seen.bytes_at;
    if (still > REDIAL_MS) return open.end("silent");
    if (now - seen.key_at > NO_KEY_FRAME_MS) return open.end("no_key_frames");
    if (still > STILL_MS) return show("PARADA", "silent");
    if (seen.pictures === 0) return;
    const full = needs.diskFull() && camera.recording_id !== null;
    if (full) return show("DISCO_CHEIO", "disk_reserve");
    show("ONLINE", recording.failing() ? "recorder" : null);
  };

  const connectOnce = async (): Promise<LineEnd> => {
    const { promise: ended, resolve: end } = Promise.withResolvers<LineEnd>();
    const onKeyFrame = ({ avcc, captured_at_ms }: Picture): void =>
      needs.keyFrames.offer({ camera_id, captured_at_ms, bytes: keyFrameBytes(avcc, line?.connection) });
    const onJump = (): void => end("clock");
    const tap = streamTap({ now: needs.now, monotonic: () => performance.now(), onKeyFrame, onJump });
    const dialled = { url: camera.url_rtsp, networks: needs.networks, onFrame: tap.frame, onEnd: end };
    const connection = await openCamera(dialled, stopping.signal);
    const open: Line = { connection, tap, end };
    line = open;
    recording.attend();
    live.attach();
    const began = performance.now();
    const watch = setInterval(() => {
      look(open);
      if (performance.now() - began > HEALTHY_MS) redial.healthy();
    }, LOOK_EVERY_MS);
    const why = await ended;
    clearInterval(watch);
    line = null;
    live.detach();
    connection.close();
    await recording.lineEnded();
    return why;
  };

  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const why = await connectOnce().catch(causeOf);
      if (stopping.signal.aborted) return;
      recording.interrupted(why);
      const isFault = why !== "restart" && why !== "clock";
      show(isFault ? "OFFLINE" : "CONECTANDO", isFault ? why : null);
      if (why === "restart") continue;
      const wait = redial.failed();
      await naps.nap(why === "wrong_password" ? Math.max(wait, WRONG_PASSWORD_MS) : wait);
    }
  };
  const running = loop();

  return {
    state: () => ({
      camera_id,
      ...shown,
      recording: recording.isRunning(),
      last_captured_at_ms: line?.tap.seen().captured_at_ms ?? null,
      bytes_per_second: line?.tap.bytesPerSecond() ?? 0,
    }),
    update(desired) {
      camera.recording_id = desired.recording_id;
      recording.attend();
    },
    openLive: () => live.open(),
    restart() {
      redial.healthy();
      naps.wakeAll();
      line?.end("restart");
    },
    async stop() {
      stopping.abort();
      live.close();
      line?.end("restart");
      naps.wakeAll();
      await running;
      await recording.stop();
    },
  };
};

/** With parameter sets in front, so that each can be decoded by itself. */
const keyFrameBytes = (avcc: Buffer, connection: CameraConnection | undefined): Uint8Array => {
  const nals = nalsOf(avcc);
  const carries = nals.some((nal) => nalType(nal) === NAL.sps);
  return toAnnexB(carries ? nals : [...(connection?.video.parameter_sets ?? []), ...nals]);
};
