/** One run of FFmpeg: reads a relay path, writes segments, says which are finished. */
import { spawn, type ChildProcess } from "node:child_process";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { NewSegment } from "#functions/streaming/contract.ts";
import { uuidv7 } from "#lib/ids.ts";
import type { Log } from "#lib/log.ts";
import { finishedNumber, recorderArguments } from "./ffmpeg/arguments.ts";
import { adopt, keepSegment, type Timing } from "./recorded-files.ts";
import { regularly } from "./regularly.ts";
import type { Relay, RelayPath } from "./rtsp/relay.ts";
import type { VideoDescription } from "./rtsp/sdp.ts";
import { fileName, type Run } from "./spool-files.ts";
import type { Spool } from "./spool.ts";
import type { Reader, Tap } from "./stream-tap.ts";

const STOP_MS = 4000;
const PLAY_WITHIN_MS = 10_000;
/**
 * Takes nothing, or writes nothing, for this long although there is something: it is stopped or stuck. What it was sent is not
 * enough to tell: the system's own buffers swallow minutes of a small stream.
 */
const STUCK_MS = 12_000;
/** Each of which should have ended a fragment. */
const STUCK_KEY_FRAMES = 3;
const LOOK_EVERY_MS = 3000;
/** A camera that sends nonsense makes FFmpeg say so at every picture. */
const LINES_LOGGED = 20;

export type RecorderNeeds = {
  relay: Relay;
  spool: Spool;
  now(): number;
  clockOffset(): number;
  /** One file at a time over all cameras: reading and hashing is bounded by this, not by the number of cameras. */
  inTurn<R>(work: () => Promise<R>): Promise<R>;
  onSegment(segment: NewSegment): void;
  log: Log;
};

export type Recorder = {
  /** Resolves when FFmpeg has ended and its files are journalled. `clean`: it was told to, or its stream ended. */
  ended: Promise<{ clean: boolean }>;
  /** FFmpeg ends by itself once its stream ends, and finishes its last file. */
  stop(): void;
  pid: number | undefined;
};

export type Recorded = { camera_id: string; recording_id: string; video: VideoDescription; tap: Tap };

export const startRecorder = async (needs: RecorderNeeds, camera: Recorded): Promise<Recorder> => {
  const { camera_id, recording_id, tap } = camera;
  const run: Run = {
    boot_id: uuidv7(needs.now()),
    camera_id,
    recording_id,
    origin_ms: needs.now(),
    clock_offset_ms: needs.clockOffset(),
  };
  const folder = await needs.spool.begin(run);
  const path = needs.relay.path(camera.video);
  const child = spawn("ffmpeg", recorderArguments(path.url, folder), { stdio: ["ignore", "pipe", "pipe"] });
  const exited = new Promise<number | null>((resolve) => {
    child.once("exit", resolve);
    child.once("error", () => resolve(null));
  });
  logLines(child, needs.log, camera_id);
  const time = runTime(needs, run, tap);
  let keys = 0;
  const reader: Reader = {
    begins: time.begins,
    idle: path.idle,
    picture(picture) {
      if (picture.key) keys += 1;
      return path.send(picture);
    },
  };
  const journal = finishedFiles(child, needs, run, folder, time.timing);
  const unwatch = watchOver(
    child,
    path,
    writingOf(folder, () => keys),
    needs.log.with({ camera_id }),
  );
  void path.playing.then(() => tap.attachReader(reader));

  let stopping = false;
  const ended = (async () => {
    const code = await exited;
    unwatch();
    tap.detachReader(reader);
    path.close();
    await Promise.all([journal.kept(), time.written()]);
    needs.spool.leave(run.boot_id);
    await adoptRest(needs, run, time.timing);
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

/** The only thing FFmpeg knows is a name that works once: its words may be kept. */
const logLines = (child: ChildProcess, log: Log, camera_id: string): void => {
  if (!child.stderr) return;
  let lines = 0;
  createInterface({ input: child.stderr }).on("line", (line) => {
    lines += 1;
    if (lines <= LINES_LOGGED) log.warn("ffmpeg", { camera_id, line });
    if (lines === LINES_LOGGED) log.warn("ffmpeg says more, which is not kept", { camera_id });
  });
};

/** Server time of a run's ticks; what is on the disk of it is for who finds the run after a kill. */
const runTime = (needs: RecorderNeeds, run: Run, { clock }: Tap) => {
  let firstTicks = 0;
  let written: Promise<unknown> = Promise.resolve();
  const write = (): void => {
    run.origin_ms = clock.timeOf(firstTicks);
    written = written
      .then(() => needs.spool.describe({ ...run }))
      .catch((error: unknown) => needs.log.error("run not written", { camera_id: run.camera_id, error }));
  };
  return {
    begins(ticks: number) {
      firstTicks = ticks;
      write();
    },
    timing(): Timing {
      // The camera's clock drifts against ours: over weeks by more than its pictures are apart.
      if (Math.abs(run.origin_ms - clock.timeOf(firstTicks)) > 100) write();
      return { timeOf: (ticks) => clock.timeOf(firstTicks + ticks), now: needs.now() };
    },
    written: () => written,
  };
};

const finishedFiles = (
  child: ChildProcess,
  needs: RecorderNeeds,
  run: Run,
  folder: string,
  timing: () => Timing,
): { kept(): Promise<void> } => {
  const keeping = new Set<Promise<unknown>>();
  const keep = (sequence: number): void => {
    const file = { sequence, path: `${folder}/${fileName(sequence)}` };
    const kept = needs
      .inTurn(() => keepSegment(needs.spool, run, file, timing()))
      .then((segment) => segment && needs.onSegment(segment))
      .catch((error: unknown) => needs.log.error("segment not kept", { camera_id: run.camera_id, sequence, error }))
      .finally(() => keeping.delete(kept));
    keeping.add(kept);
  };
  if (!child.stdout) throw new Error("FFmpeg was started without its list");
  const listed = createInterface({ input: child.stdout });
  listed.on("line", (line) => {
    const number = finishedNumber(line);
    if (number !== null) keep(number);
  });
  const read = new Promise<void>((resolve) => listed.once("close", resolve));
  return {
    async kept() {
      await read;
      await Promise.all(keeping);
    },
  };
};

/** Kills FFmpeg when it never asks for the stream, no longer takes it or no longer writes it. */
const watchOver = (child: ChildProcess, path: RelayPath, isStuck: () => Promise<boolean>, log: Log): (() => void) => {
  const late = setTimeout(() => child.kill("SIGKILL"), PLAY_WITHIN_MS);
  void path.playing.then(() => clearTimeout(late));
  const look = async (): Promise<void> => {
    if (path.stuckMs() < STUCK_MS && !(await isStuck())) return;
    log.warn("ffmpeg no longer records and is ended");
    child.kill("SIGKILL");
  };
  const looking = regularly(LOOK_EVERY_MS, look, (error) => log.warn("recorder not looked at", { error }));
  return () => {
    clearTimeout(late);
    looking.stop();
  };
};

/** Whether what is in a run's folder stays as it is although key frames go on. */
const writingOf = (folder: string, keys: () => number): (() => Promise<boolean>) => {
  let last = { words: "", keys: 0, at: performance.now() };
  return async () => {
    const newest = (await readdir(folder))
      .filter((name) => name.endsWith(".mp4"))
      .toSorted()
      .at(-1);
    const { size } = newest === undefined ? { size: 0 } : await stat(join(folder, newest)).catch(() => ({ size: -1 }));
    const [words, at] = [`${newest} ${size}`, performance.now()];
    if (words !== last.words) last = { words, keys: keys(), at };
    return at - last.at >= STUCK_MS && keys() - last.keys >= STUCK_KEY_FRAMES;
  };
};

/** A killed FFmpeg names no last file: what is whole in it is kept, now or when somebody looks for what was left behind. */
const adoptRest = async (needs: RecorderNeeds, run: Run, timing: () => Timing): Promise<void> => {
  const { spool, log, onSegment } = needs;
  await needs
    .inTurn(async () => {
      const mine = (await spool.leftBehind()).find((left) => left.run.boot_id === run.boot_id);
      if (mine) await adopt({ spool, log, onSegment, timing }, mine);
    })
    .catch((error: unknown) => log.error("segments left behind", { camera_id: run.camera_id, error }));
};
