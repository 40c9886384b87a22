/** One long-lived FFmpeg that decodes key frames of any camera and size, one after the other. */
import { spawn, type ChildProcess } from "node:child_process";
import { AppError } from "#lib/errors.ts";
import type { Picture } from "#lib/vision/picture.ts";
import { standBack } from "#lib/vision/standing-back.ts";
import { refusal, type AccessUnit, type Codec } from "./access-unit.ts";
import { MARKER_BYTES, markerOf } from "./marker.ts";
import { fillingFor, type Filling } from "./samples.ts";

/** Which pictures one process can decode: filters and sample formats are settled once, sizes may change. */
export type DecoderKind = { codec: Codec; samples: "limited" | "full" | "converted" };

export const kindOf = ({ codec, full_range, plain }: AccessUnit): DecoderKind => ({
  codec,
  samples: plain ? (full_range ? "full" : "limited") : "converted",
});

export type FfmpegProcess = {
  kind: DecoderKind;
  pid: number | undefined;
  isAlive(): boolean;
  /**
   * One at a time. Throws `invalid` for what FFmpeg refuses, `unavailable` when it was killed or fell silent; the process has
   * ended then.
   */
  decode(unit: AccessUnit): Promise<Picture>;
  /** Resolves when it is gone. */
  end(): Promise<void>;
};

export type ProcessOptions = {
  /** Default `ffmpeg`. */
  command?: string;
  /** A picture that takes longer is given up. */
  limit_ms: number;
};

const demuxers: Record<Codec, string> = { h264: "h264", h265: "hevc" };
/** Where nothing comes out, another marker: how many pictures FFmpeg holds back depends on what the camera's stream announces. */
const NUDGE_MS = 50;
const AT_START = 3;

const filters: Record<DecoderKind["samples"], string> = {
  limited: "format=yuv420p",
  full: "format=yuv420p|yuvj420p",
  converted: "scale=out_range=full:flags=bilinear,format=yuv420p",
};

const argumentsFor = ({ codec, samples }: DecoderKind): string[] =>
  [
    ["-nostdin", "-v", "fatal", "-xerror", "-err_detect", "explode", "-protocol_whitelist", "pipe"],
    ["-threads", "1", "-flags", "low_delay", "-probesize", "32", "-analyzeduration", "0"],
    ["-f", demuxers[codec], "-i", "pipe:0", "-noautoscale", "-fps_mode", "passthrough", "-filter_threads", "1"],
    ["-vf", filters[samples]],
    ["-f", "rawvideo", "pipe:1"],
  ].flat();

type Waiting = { filling: Filling; resolve(picture: Picture): void; reject(error: AppError): void };

export const startFfmpeg = (kind: DecoderKind, { command = "ffmpeg", limit_ms }: ProcessOptions): FfmpegProcess => {
  const child = spawn(command, argumentsFor(kind), { stdio: ["pipe", "pipe", "ignore"] });
  if (child.pid !== undefined) standBack(child.pid);
  const marker = markerOf(kind.codec, kind.samples === "full");
  const push = (count: number): void => {
    if (child.stdin.writable) child.stdin.write(Buffer.concat(Array.from({ length: count }, () => marker)));
  };
  let waiting: Waiting | null = null;
  let [gaveUp, isOver] = [null as AppError | null, false];
  const giveUp = (why: AppError): void => {
    gaveUp ??= why;
    child.kill("SIGKILL");
  };
  const reader = markedReader({
    filling: () => waiting?.filling ?? null,
    // Something came out, and it was not yet the picture: as much is put in.
    onMarker: () => waiting && push(1),
    onPicture() {
      waiting?.resolve(waiting.filling.picture());
      waiting = null;
    },
    onStray: () => giveUp(refusal("picture.unexpected_size", "The picture is not of the size that it announces")),
  });
  child.stdout.on("data", reader);
  child.stdin.on("error", () => {});
  const ended = endOf(child).then((how) => {
    isOver = true;
    waiting?.reject(gaveUp ?? endedBy(how));
    waiting = null;
  });
  push(AT_START);
  return {
    kind,
    pid: child.pid,
    isAlive: () => child.exitCode === null && child.signalCode === null,
    async decode(unit) {
      if (isOver) throw gaveUp ?? unavailable("decoder.died", "The decoder had ended");
      const timers = watch(
        () => push(1),
        () => giveUp(unavailable("decoder.silent", "The decoder fell silent over this picture")),
        limit_ms,
      );
      try {
        return await new Promise<Picture>((resolve, reject) => {
          waiting = { filling: fillingFor(unit, kind.samples === "limited"), resolve, reject };
          if (child.stdin.writable) child.stdin.write(unit.bytes);
          push(1);
        });
      } finally {
        timers.stop();
      }
    },
    async end() {
      child.kill("SIGKILL");
      await ended;
    },
  };
};

const watch = (nudge: () => void, late: () => void, limit_ms: number): { stop(): void } => {
  const [nudging, limit] = [setInterval(nudge, NUDGE_MS), setTimeout(late, limit_ms)];
  return {
    stop() {
      clearInterval(nudging);
      clearTimeout(limit);
    },
  };
};

type Ending = { code: number | null; missing: boolean };

const endOf = (child: ChildProcess): Promise<Ending> =>
  new Promise((resolve) => {
    child.on("error", () => resolve({ code: null, missing: child.pid === undefined }));
    child.on("close", (code) => resolve({ code, missing: false }));
  });

/** FFmpeg ends by itself over what it cannot decode; ended by a signal, the picture may be as good as any. */
const endedBy = ({ code, missing }: Ending): AppError => {
  if (missing) return unavailable("decoder.missing", "FFmpeg cannot be started on this machine");
  if (code === null) return unavailable("decoder.died", "The decoder was killed over this picture");
  return refusal("picture.damaged", "The picture is damaged or cut off");
};

const unavailable = (reason: string, message: string): AppError => new AppError("unavailable", message, { reason });

type MarkedReader = {
  /** Of the picture that is waited for. */
  filling(): Filling | null;
  onMarker(): void;
  onPicture(): void;
  /** Neither a marker nor the picture that is waited for. */
  onStray(): void;
};

/** Tells markers and pictures apart. The first thing that comes out is a marker and shows how they look. */
const markedReader = (on: MarkedReader): ((chunk: Buffer) => void) => {
  const head = Buffer.alloc(MARKER_BYTES);
  let look: Buffer | null = null;
  let [headed, inPicture] = [0, false];

  const takeHead = (chunk: Buffer, at: number): number => {
    const count = chunk.copy(head, headed, at, at + MARKER_BYTES - headed);
    headed += count;
    if (headed < MARKER_BYTES) return count;
    headed = 0;
    look ??= Buffer.from(head);
    if (look.equals(head)) on.onMarker();
    else if (on.filling()) {
      inPicture = true;
      on.filling()?.take(head, 0);
    } else on.onStray();
    return count;
  };

  return (chunk) => {
    for (let at = 0; at < chunk.length;) {
      if (!inPicture) {
        at += takeHead(chunk, at);
        continue;
      }
      const filling = on.filling();
      if (!filling) return;
      at += filling.take(chunk, at);
      if (!filling.isFull()) continue;
      inPicture = false;
      on.onPicture();
    }
  };
};
