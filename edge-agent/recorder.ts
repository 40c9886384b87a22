/** One run of FFmpeg: reads a relay path, writes segments, says which are finished. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Log } from "#lib/log.ts";
import { uuidv7 } from "#lib/ids.ts";
import { finishedNumber, recorderArguments } from "./ffmpeg/arguments.ts";
import { keepSegment, type Timing } from "./finished-segments.ts";
import type { Relay } from "./rtsp/relay.ts";
import type { VideoDescription } from "./rtsp/sdp.ts";
import type { Run, Spool } from "./spool.ts";
import type { Reader, Tap } from "./stream-tap.ts";

const STOP_MS = 4000;
const PLAY_WITHIN_MS = 10_000;

export type RecorderNeeds = {
  relay: Relay;
  spool: Spool;
  now(): number;
  clockOffset(): number;
  /** One file at a time over all cameras: reading and hashing is bounded by this, not by the number of cameras. */
  inTurn<R>(work: () => Promise<R>): Promise<R>;
  onSegment(): void;
  log: Log;
};

export type Recorder = {
  /** Resolves when FFmpeg has ended and its files are journalled. `clean`: it was told to, or its stream ended. */
  ended: Promise<{ clean: boolean }>;
  /** FFmpeg ends by itself once its stream ends, and finishes its last file. */
  stop(): void;
  pid: number | undefined;
};

export const startRecorder = async (
  needs: RecorderNeeds,
  camera: { camera_id: string; recording_id: string; video: VideoDescription; tap: Tap },
): Promise<Recorder> => {
  const { camera_id, recording_id, tap } = camera;
  const path = needs.relay.path(camera.video);
  const run: Run = {
    boot_id: uuidv7(needs.now()),
    camera_id,
    recording_id,
    origin_ms: needs.now(),
    clock_offset_ms: needs.clockOffset(),
  };
  const folder = await needs.spool.begin(run);
  const child = spawn("ffmpeg", recorderArguments(path.url, folder), { stdio: ["ignore", "pipe", "pipe"] });
  const exited = new Promise<number | null>((resolve) => {
    child.once("exit", resolve);
    child.once("error", () => resolve(null));
  });
  // The only thing FFmpeg knows is a name that works once: its words may be kept.
  createInterface({ input: child.stderr }).on("line", (line) => needs.log.warn("ffmpeg", { camera_id, line }));

  let firstTicks = 0;
  const timing = (): Timing => ({ timeOf: (ticks) => tap.clock.timeOf(firstTicks + ticks), now: needs.now() });
  const reader: Reader = {
    begins(ticks) {
      firstTicks = ticks;
      run.origin_ms = tap.clock.timeOf(ticks);
      // For who finds this run after a kill.
      needs.spool.begin(run).catch((error: unknown) => needs.log.error("run not written", { camera_id, error }));
    },
    send: (frame) => path.send(frame),
  };
  let stopping = false;
  const keeping: Promise<unknown>[] = [];
  const keep = (sequence: number): void => {
    const kept = needs
      .inTurn(() => keepSegment(needs.spool, run, folder, sequence, timing()))
      .then((segment) => segment && needs.onSegment())
      .catch((error: unknown) => needs.log.error("segment not kept", { camera_id, sequence, error }));
    keeping.push(kept);
  };
  const listed = createInterface({ input: child.stdout });
  listed.on("line", (line) => {
    const number = finishedNumber(line);
    if (number !== null) keep(number);
  });
  const read = new Promise<void>((resolve) => listed.once("close", resolve));
  const late = setTimeout(() => child.kill("SIGKILL"), PLAY_WITHIN_MS);
  void path.playing.then(() => {
    clearTimeout(late);
    tap.attachReader(reader);
  });

  const ended = (async () => {
    const code = await exited;
    clearTimeout(late);
    await read;
    tap.detachReader(reader);
    path.close();
    await Promise.all(keeping);
    await sweep(needs, run, folder, timing());
    return { clean: stopping || code === 0 };
  })();
  return {
    ended,
    pid: child.pid,
    stop() {
      stopping = true;
      tap.detachReader(reader);
      path.close();
      const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
      void exited.then(() => clearTimeout(timer));
    },
  };
};

/** A killed FFmpeg names no last file: what is whole in it is kept. */
const sweep = async (needs: RecorderNeeds, run: Run, folder: string, timing: Timing): Promise<void> => {
  const mine = (await needs.spool.leftBehind()).find(({ run: { boot_id } }) => boot_id === run.boot_id);
  for (const sequence of mine?.files ?? []) {
    await needs
      .inTurn(() => keepSegment(needs.spool, run, folder, sequence, timing))
      .then((segment) => segment && needs.onSegment())
      .catch((error: unknown) => needs.log.error("segment not kept", { camera_id: run.camera_id, sequence, error }));
  }
  await needs.spool.end(run.boot_id);
};
