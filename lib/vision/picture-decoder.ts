/** From what cameras send to pixels. */
import type { FrameFormat } from "#lib/frames/frames.ts";
import type { Picture } from "#lib/vision/picture.ts";

export type PictureDecoder = {
  /**
   * `source` is the camera (or file) the bytes are from. Bounded: of each source at most one picture waits, the newest wins; who
   * waited before gets `unavailable`. Throws `invalid` with a reason (`picture.truncated`, `picture.too_large`, …) for
   * what is no picture; a picture that broke the decoder costs its neighbours nothing.
   */
  decode(source: string, format: FrameFormat, bytes: Uint8Array): Promise<Picture>;
  /** `skipped`: a newer one came, or no decoder was free in time. `set_aside`: it, or its camera, is known to break decoders. */
  counts(): { decoded: number; refused: number; skipped: number; set_aside: number; restarts: number };
  close(): Promise<void>;
};
