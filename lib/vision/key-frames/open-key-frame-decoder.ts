/** Key frames of many cameras through few long-lived FFmpeg processes: no process for a picture, none for a camera. */
import { AppError } from "#lib/errors.ts";
import type { Log } from "#lib/log.ts";
import type { Picture } from "#lib/vision/picture.ts";
import type { PictureDecoder } from "#lib/vision/picture-decoder.ts";
import { accessUnitOf, refusal, type AccessUnit, type Codec } from "./access-unit.ts";
import { processPool } from "./process-pool.ts";
import { setAside, type SetAside } from "./set-aside.ts";
import { waitingLine, type Waiting } from "../waiting-line.ts";

export type KeyFrameDecoder = {
  /**
   * As `PictureDecoder.decode`. `invalid`: `picture.no_video`, `picture.no_parameter_sets`, `picture.no_key_frame`,
   * `picture.too_large`, `picture.too_small`, `picture.damaged`, `picture.unexpected_size`, `picture.set_aside` (this picture broke
   * a decoder three times, or three different ones of this source did so in a row and it is left out for a while). `unavailable`: `picture.superseded`, `picture.waited`,
   * `decoder.died`, `decoder.silent`, `decoder.missing`, `decoder.closed`; the picture may be as good as any.
   */
  decode(source: string, codec: Codec, bytes: Uint8Array): Promise<Picture>;
  counts(): ReturnType<PictureDecoder["counts"]>;
  close(): Promise<void>;
};

export type KeyFrameDecoderOptions = {
  /** Pictures that are decoded at once. Default 2. */
  processes?: number;
  log: Log;
  /** Default `ffmpeg`. */
  command?: string;
  /** How long a picture may keep a decoder. Default 5 s: the largest take a tenth of that. */
  limit_ms?: number;
  /** How long a picture may wait for one. Default 10 s. */
  patience_ms?: number;
  now?: () => number;
};

type Job = Waiting<AccessUnit, Picture>;

export const openKeyFrameDecoder = (options: KeyFrameDecoderOptions): KeyFrameDecoder => {
  const { processes = 2, log, limit_ms = 5000, patience_ms = 10_000, now = () => performance.now() } = options;
  const pool = processPool({ processes, log, command: options.command ?? "ffmpeg", limit_ms });
  const aside = setAside(log, now);
  const line = waitingLine<AccessUnit, Picture>(patience_ms);
  const counts = { decoded: 0, refused: 0, skipped: 0, set_aside: 0 };
  const admit = doorOf(aside, counts);
  let closed = false;

  const failed = ({ source, work }: Job, error: unknown): AppError => {
    const why = error instanceof AppError ? error : new AppError("internal", "The decoder failed", { cause: error });
    counts.refused += 1;
    // Neither an end of all nor a machine without FFmpeg says anything of a camera.
    const fault = why.code === "invalid" ? "picture" : "unclear";
    if (why.reason !== "decoder.missing" && !closed)
      aside.broke(source, work.bytes, { why: why.reason ?? why.message, fault });
    return why;
  };
  const decodeOne = async (job: Job): Promise<void> => {
    try {
      const picture = await pool.decode(job.work);
      counts.decoded += 1;
      aside.decoded(job.source, job.work.bytes);
      job.resolve(picture);
    } catch (error) {
      job.reject(failed(job, error));
    }
    next();
  };
  const next = (): void => {
    while (!line.isEmpty() && pool.isFree(next)) {
      const job = line.take();
      if (job) void decodeOne(job);
    }
  };
  return {
    async decode(source, codec, bytes) {
      if (closed) throw new AppError("unavailable", "The decoder is closed", { reason: "decoder.closed" });
      const picture = line.enter(source, admit(source, codec, bytes));
      next();
      return picture;
    },
    counts: () => ({
      ...counts,
      skipped: counts.skipped + line.left(),
      restarts: pool.restarts(),
    }),
    async close() {
      closed = true;
      line.close();
      await pool.close();
    },
  };
};

/** What is no key frame, or is known to break decoders, does not wait for one. */
const doorOf = (aside: SetAside, counts: { refused: number; set_aside: number }) => {
  const putAside = (message: string): AppError => {
    counts.set_aside += 1;
    return refusal("picture.set_aside", message);
  };
  const readUnit = (codec: Codec, bytes: Uint8Array): AccessUnit => {
    try {
      return accessUnitOf(codec, bytes);
    } catch (error) {
      counts.refused += 1;
      throw error;
    }
  };
  return (source: string, codec: Codec, bytes: Uint8Array): AccessUnit => {
    if (aside.hasSource(source))
      throw putAside("Pictures of this camera broke the decoder; it is left out for a while");
    const unit = readUnit(codec, bytes);
    if (aside.hasPicture(source, unit.bytes)) throw putAside("This picture broke the decoder again and again");
    return unit;
  };
};
