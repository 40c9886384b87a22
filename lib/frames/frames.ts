/**
 * Frames on their way to analysis. This port promises less than the broker, on purpose:
 *
 * - `offer` = taken, not kept: a restart or a full queue may lose frames that wait.
 * - Bounded by count and age. At most 2 wait per camera: the newest wins, and a busy camera never evicts a quiet one.
 * - Once handed out, a frame is held until it is settled; after a crash of its holder it is offered again, three times
 *   at most, then its bytes and the reason are kept among the last 100 refused, 64 MiB of them.
 * - Each consumer that the port was connected with gets every frame, and has all of the above to itself: its own waiting
 *   frames, holds, tries and refused. A slow one costs another nothing, and the bytes are kept once for all of them.
 */
export type FrameFormat = "h264" | "h265" | "jpeg" | "png";

export type Frame = {
  /** UUIDv7, made by who took the picture. */
  id: string;
  cidade_id: string;
  camera_id: string;
  /** Server time, corrected by the agent's measured clock offset. */
  captured_at: Date;
  format: FrameFormat;
  /** One access unit with its parameter sets (Annex B), or one JPEG or PNG. At most 5 MiB. */
  bytes: Uint8Array;
  correlation_id: string;
  /** Whoever sends it has read its plates already: it is for who wants the picture. */
  read_at_site?: boolean;
};

export const MAX_FRAME_BYTES = 5 * 1024 * 1024;
/** How often a frame is handed out at most. */
export const MAX_TRIES = 3;
/** What is kept of refused frames, of each consumer. */
export const MAX_REFUSED = 100;
export const MAX_REFUSED_BYTES = 64 * 1024 * 1024;

export type HeldFrame = { frame: Frame; attempt: number };
export type Refused = { frame: Frame; consumer: string; reason: string; refused_at: Date };
/** Of one consumer. */
export type FrameCounts = {
  waiting: number;
  held: number;
  taken: number;
  evicted: number;
  expired: number;
  refused: number;
};

export type Frames = {
  /**
   * `false`: an older frame of this camera had to go, or this one found no room, at one consumer or more. Throws `too_large` above 5 MiB, and
   * `unavailable` when no consumer has room.
   */
  offer(frame: Frame): Promise<boolean>;
  /**
   * Calls `handle` for each frame, at most `parallel` at once. A throw counts as one of the three tries. Several who
   * consume under one name share its frames.
   */
  consume(
    consumer: string,
    parallel: number,
    handle: (held: HeldFrame) => Promise<void>,
  ): Promise<{ stop(): Promise<void> }>;
  refused(): Promise<Refused[]>;
  counts(): Promise<Record<string, FrameCounts>>;
  close(): Promise<void>;
};
