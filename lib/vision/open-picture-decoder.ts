/** Whatever cameras and people hand in, to pixels: stills here, key frames by FFmpeg. */
import { AppError } from "#lib/errors.ts";
import type { FrameFormat } from "#lib/frames/frames.ts";
import type { Log } from "#lib/log.ts";
import { openKeyFrameDecoder, type KeyFrameDecoder } from "./key-frames/open-key-frame-decoder.ts";
import { waitingLine, type Waiting } from "./waiting-line.ts";
import type { Picture } from "./picture.ts";
import type { PictureDecoder } from "./picture-decoder.ts";
import { decodeStill, type StillOptions } from "./still-pictures.ts";

export type PictureDecoderOptions = StillOptions & {
  /** Pictures that are decoded at once: stills, and key frames beside them. Default 2. */
  parallel?: number;
  /** How long a picture may wait for a decoder. Default 10 s. */
  patience_ms?: number;
  log: Log;
  /** Another decoder of key frames, for tests. */
  key_frames?: KeyFrameDecoder;
};

const [PARALLEL, PATIENCE_MS] = [2, 10_000];

export const openPictureDecoder = (options: PictureDecoderOptions): PictureDecoder => {
  const { parallel = PARALLEL, patience_ms = PATIENCE_MS, log } = options;
  const keyFrames = options.key_frames ?? openKeyFrameDecoder({ processes: parallel, patience_ms, log });
  const stills = stillDecoder(options, parallel, patience_ms);
  return {
    // The content decides between stills: a PNG that is called a JPEG is a picture all the same.
    decode: (source, format: FrameFormat, bytes) =>
      format === "h264" || format === "h265" ? keyFrames.decode(source, format, bytes) : stills.decode(source, bytes),
    counts() {
      const [video, still] = [keyFrames.counts(), stills.counts()];
      return {
        decoded: video.decoded + still.decoded,
        refused: video.refused + still.refused,
        skipped: video.skipped + still.skipped,
        set_aside: video.set_aside,
        restarts: video.restarts,
      };
    },
    async close() {
      stills.close();
      await keyFrames.close();
    },
  };
};

type StillDecoder = {
  decode(source: string, bytes: Uint8Array): Promise<Picture>;
  counts(): { decoded: number; refused: number; skipped: number };
  close(): void;
};

const stillDecoder = (options: StillOptions, parallel: number, patience_ms: number): StillDecoder => {
  const line = waitingLine<Uint8Array, Picture>(patience_ms);
  const counts = { decoded: 0, refused: 0 };
  let busy = 0;
  const decodeOne = async ({ work, resolve, reject }: Waiting<Uint8Array, Picture>): Promise<void> => {
    busy += 1;
    try {
      const picture = await decodeStill(work, options);
      counts.decoded += 1;
      resolve(picture);
    } catch (error) {
      counts.refused += 1;
      reject(error instanceof AppError ? error : new AppError("internal", "The decoder failed", { cause: error }));
    }
    busy -= 1;
    next();
  };
  const next = (): void => {
    const waiting = busy < parallel ? line.take() : null;
    if (waiting) void decodeOne(waiting);
  };
  return {
    decode(source, bytes) {
      const picture = line.enter(source, bytes);
      next();
      return picture;
    },
    counts: () => ({ ...counts, skipped: line.left() }),
    close: () => line.close(),
  };
};
