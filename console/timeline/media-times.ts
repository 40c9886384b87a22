/** Player's time ↔ wall time of recorded media, piece by piece: pieces are joined in the player where they nearly touch. */

export type Piece = { media_from: number; media_to: number; wall_from: number };
export type MediaTimes = {
  add(piece: Piece): void;
  /** ms since 1970 for a second of the player; null where nothing was loaded. */
  wallAt(media_seconds: number): number | null;
  mediaAt(wall_ms: number): number | null;
};

/** A player draws the last picture until its own end, a rounding beyond what was appended. */
const EDGE_SECONDS = 0.1;

export const createMediaTimes = (): MediaTimes => {
  const pieces: Piece[] = [];
  return {
    add: (piece) => void pieces.push(piece),
    wallAt(media) {
      const piece = pieces.findLast(
        ({ media_from, media_to }) => media_from <= media && media <= media_to + EDGE_SECONDS,
      );
      return piece ? piece.wall_from + (media - piece.media_from) * 1000 : null;
    },
    mediaAt(wall) {
      const piece = pieces.findLast(
        ({ media_from, media_to, wall_from }) => wall_from <= wall && wall < wall_from + (media_to - media_from) * 1000,
      );
      return piece ? piece.media_from + (wall - piece.wall_from) / 1000 : null;
    },
  };
};

/** A recorder's clock and the media's differ by some ms a segment: nearer than this, the next piece joins without a seam. */
const SEAM_SECONDS = 0.3;

/** Not at zero: a key frame that rounding puts before it would be dropped, and its whole group with it. */
export const FIRST_SECONDS = 10;

export const placeOf = (wall_from: number, base_wall: number, previous_end: number | null): number => {
  const exact = FIRST_SECONDS + (wall_from - base_wall) / 1000;
  return previous_end !== null && Math.abs(exact - previous_end) < SEAM_SECONDS ? previous_end : exact;
};
