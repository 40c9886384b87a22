/** So many pictures at once; a process for each kind of picture where one is wanted, ended when it was idle for long. */
import type { AppError } from "#lib/errors.ts";
import type { Log } from "#lib/log.ts";
import { pause } from "#lib/pause.ts";
import type { Picture } from "#lib/vision/picture.ts";
import type { AccessUnit } from "./access-unit.ts";
import { kindOf, startFfmpeg, type DecoderKind, type FfmpegProcess } from "./ffmpeg-process.ts";

export type ProcessPool = {
  /** Whether one more picture can be decoded now; where not, `told` is called once it can. */
  isFree(told: () => void): boolean;
  decode(unit: AccessUnit): Promise<Picture>;
  restarts(): number;
  close(): Promise<void>;
};

export type PoolOptions = { processes: number; log: Log; command: string; limit_ms: number };

const IDLE_MS = 60_000;
/**
 * Of decoders that were killed, fell silent or are missing: the first is replaced at once, each further one without a decoded
 * picture between doubles the pause. One that ended over a damaged picture did its work and needs no pause.
 */
const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS] = [250, 15_000];

export const processPool = ({ processes, log, command, limit_ms }: PoolOptions): ProcessPool => {
  // One that works at each place, and as many of other kinds that may be wanted again.
  const idle = idleProcesses(processes * 2);
  const busy = new Set<FfmpegProcess>();
  const naps = pause();
  let [deaths, restarts, resting, closed] = [0, 0, false, false];
  let wake: () => void = () => {};

  const rest = async (): Promise<void> => {
    resting = true;
    await naps.nap(Math.min(FIRST_PAUSE_MS * 2 ** (deaths - 2), LONGEST_PAUSE_MS));
    resting = false;
    wake();
  };
  const ended = async (process: FfmpegProcess, { codec, width, height }: AccessUnit, why: AppError): Promise<void> => {
    restarts += 1;
    const facts = { reason: why.reason, codec, size: `${width}x${height}` };
    log.info("a decoder ended over a picture; the next picture gets a new one", facts);
    await process.end();
    if (why.code === "unavailable") deaths += 1;
    if (deaths > 1 && !closed && !resting) void rest();
  };

  return {
    isFree(told) {
      wake = told;
      return !closed && !resting && busy.size < processes;
    },
    async decode(unit) {
      const kind = kindOf(unit);
      const process = idle.take(kind) ?? startFfmpeg(kind, { command, limit_ms });
      busy.add(process);
      try {
        const picture = await process.decode(unit);
        deaths = 0;
        if (closed) await process.end();
        else idle.keep(process);
        return picture;
      } catch (error) {
        await ended(process, unit, error as AppError);
        throw error;
      } finally {
        busy.delete(process);
      }
    },
    restarts: () => restarts,
    async close() {
      closed = true;
      naps.wakeAll();
      await Promise.all([idle.close(), ...Array.from(busy, (process) => process.end())]);
    },
  };
};

type Idle = {
  take(kind: DecoderKind): FfmpegProcess | null;
  keep(process: FfmpegProcess): void;
  close(): Promise<void>;
};

const idleProcesses = (most: number): Idle => {
  const kept: { process: FfmpegProcess; timer: NodeJS.Timeout }[] = [];
  const remove = (at: number): FfmpegProcess | null => {
    const [one] = at < 0 ? [] : kept.splice(at, 1);
    clearTimeout(one?.timer);
    return one?.process ?? null;
  };
  return {
    take: (kind) => remove(kept.findIndex(({ process }) => process.isAlive() && isSame(process.kind, kind))),
    keep(process) {
      const end = (): void => void remove(kept.findIndex((one) => one.process === process))?.end();
      kept.unshift({ process, timer: setTimeout(end, IDLE_MS).unref() });
      while (kept.length > most) void remove(kept.length - 1)?.end();
    },
    async close() {
      const all = kept.splice(0);
      for (const { timer } of all) clearTimeout(timer);
      await Promise.all(all.map(({ process }) => process.end()));
    },
  };
};

const isSame = (one: DecoderKind, other: DecoderKind): boolean =>
  one.codec === other.codec && one.samples === other.samples;
