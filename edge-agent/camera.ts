/** One camera made to be as desired: connected, watched over, recorded. It never gives up; it says what is wrong meanwhile. */
import type { DesiredCamera } from "#functions/cidades/contract.ts";
import { NAL, nalType, toAnnexB } from "#lib/media/h264.ts";
import { nalsOf } from "#lib/media/h264-pictures.ts";
import { pause } from "#lib/pause.ts";
import type { CameraCause, CameraState, CameraStatus } from "#lib/wire/agent.ts";
import { backOff, type BackOff } from "./back-off.ts";
import type { KeyFrames } from "./key-frame-sender.ts";
import { cameraLive } from "./camera-live.ts";
import { cameraRecording } from "./camera-recording.ts";
import type { Gaps } from "./gaps.ts";
import type { RecorderNeeds } from "./recorder.ts";
import { causeOf } from "./rtsp/camera-fault.ts";
import { openCamera, type CameraConnection } from "./rtsp/client.ts";
import type { Networks } from "./rtsp/networks.ts";
import type { Server } from "./server-client.ts";
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
  const naps = pause();
  const stopping = new AbortController();
  const redial = backOff({ first_ms: 1000, longest_ms: 30_000, breaker_ms: 60_000 });
  const lineNow = (): Line | null => line;
  let line: Line | null = null;
  const shown = shownState(camera.id, needs);
  const recording = cameraRecording(camera, needs, lineNow);
  const live = cameraLive(camera.id, needs, lineNow);

  const connectOnce = async (): Promise<LineEnd> => {
    const { promise: ended, resolve: end } = Promise.withResolvers<LineEnd>();
    const open = await openLine(camera, needs, stopping.signal, end);
    line = open;
    recording.attend();
    live.attach();
    const unwatch = watchOver(open, shown.show, redial.healthy, () => ({
      full: needs.diskFull() && camera.recording_id !== null,
      failing: recording.failing(),
    }));
    const why = await ended;
    unwatch();
    line = null;
    live.detach();
    open.connection.close();
    await recording.lineEnded();
    return why;
  };
  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const why = await connectOnce().catch(causeOf);
      if (stopping.signal.aborted) return;
      recording.interrupted(why);
      shown.ended(why);
      await naps.nap(pauseAfter(why, redial));
    }
  };
  const running = loop();

  return {
    state: () => ({ camera_id: camera.id, ...shown.now(), recording: recording.isRunning(), ...seenOf(line) }),
    update(desired) {
      camera.recording_id = desired.recording_id;
      recording.attend();
    },
    openLive: live.open,
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

/** A line that was there and was given up by us. */
const byWatchdog = new Set<LineEnd>(["silent", "no_key_frames"]);

const wordsFor = (why: LineEnd): [CameraStatus, CameraCause | null] =>
  why === "restart" || why === "clock" ? ["CONECTANDO", null] : ["OFFLINE", why];

const pauseAfter = (why: LineEnd, redial: BackOff): number => {
  if (why === "restart") return 0;
  const wait = redial.failed();
  return why === "wrong_password" ? Math.max(wait, WRONG_PASSWORD_MS) : wait;
};

const seenOf = (line: Line | null): Pick<CameraState, "last_captured_at_ms" | "bytes_per_second"> => ({
  last_captured_at_ms: line?.tap.seen().captured_at_ms ?? null,
  bytes_per_second: line?.tap.bytesPerSecond() ?? 0,
});

type Show = (status: CameraStatus, cause: CameraCause | null) => void;

const shownState = (camera_id: string, { now, onChange, keyFrames, log }: CameraNeeds) => {
  let shown = { status: "CONECTANDO" as CameraStatus, cause: null as CameraCause | null, since_ms: now() };
  const show: Show = (status, cause) => {
    if (shown.status === status && shown.cause === cause) return;
    shown = { status, cause, since_ms: now() };
    log.info("camera", { camera_id, status, cause });
    onChange();
  };
  let watchdog_restarts = 0;
  return {
    now: () => ({ ...shown, watchdog_restarts, key_frames_lost: keyFrames.lost(camera_id) }),
    show,
    ended(why: LineEnd): void {
      if (byWatchdog.has(why)) watchdog_restarts += 1;
      show(...wordsFor(why));
    },
  };
};

const openLine = async (
  { id: camera_id, url_rtsp: url }: DesiredCamera,
  { now, networks, keyFrames }: CameraNeeds,
  signal: AbortSignal,
  end: (why: LineEnd) => void,
): Promise<Line> => {
  // The first pictures may come before the connection is handed over.
  let described: readonly Uint8Array[] = [];
  const onKeyFrame = ({ avcc, captured_at_ms }: Picture): void =>
    keyFrames.offer({ camera_id, captured_at_ms, bytes: keyFrameBytes(avcc, described) });
  const onJump = (): void => end("clock");
  const tap = streamTap({ now, monotonic: () => performance.now(), onKeyFrame, onJump });
  const connection = await openCamera({ url, networks, onFrame: tap.frame, onEnd: end }, signal);
  described = connection.video.parameter_sets;
  return { connection, tap, end };
};

type RecorderState = { full: boolean; failing: boolean };

const watchOver = (open: Line, show: Show, healthy: () => void, recorder: () => RecorderState): (() => void) => {
  const began = performance.now();
  const timer = setInterval(() => {
    lookAt(open, show, recorder());
    if (performance.now() - began > HEALTHY_MS) healthy();
  }, LOOK_EVERY_MS);
  return () => clearInterval(timer);
};

/** What is to be said of an open connection, and whether it is still worth anything. */
const lookAt = ({ tap, end }: Line, show: Show, recorder: RecorderState): void => {
  const seen = tap.seen();
  const now = performance.now();
  const still = now - seen.bytes_at;
  if (still > REDIAL_MS) return end("silent");
  if (now - seen.key_at > NO_KEY_FRAME_MS) return end("no_key_frames");
  if (still > STILL_MS) return show("PARADA", "silent");
  if (seen.pictures === 0) return;
  if (recorder.full) return show("DISCO_CHEIO", "disk_reserve");
  // No gap: what comes is recorded, whatever it shows.
  if (tap.repeating()) return show("PARADA", "repeating");
  show("ONLINE", recorder.failing ? "recorder" : null);
};

/** With parameter sets in front, so that each can be decoded by itself. */
const keyFrameBytes = (avcc: Buffer, parameter_sets: readonly Uint8Array[]): Uint8Array => {
  const nals = nalsOf(avcc);
  const carries = nals.some((nal) => nalType(nal) === NAL.sps);
  return toAnnexB(carries ? nals : [...parameter_sets, ...nals]);
};
