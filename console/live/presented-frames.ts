/** Which capture time belongs to the picture on the glass: media time of a presented frame → capture time. */

export type PresentedFrames = {
  add(media_seconds: number, captured_at_ms: number): void;
  /** null when no known frame is near: then nothing may be claimed about the picture's age. */
  find(media_seconds: number): number | null;
  clear(): void;
};

const KEPT = 900;
/** A frame's own time rounded by the player; half a frame at 100 frames a second. */
const NEAR_SECONDS = 0.005;

export const createPresentedFrames = (): PresentedFrames => {
  let times: { media: number; captured: number }[] = [];
  return {
    add(media, captured) {
      times.push({ media, captured });
      if (times.length > KEPT) times = times.slice(-KEPT / 2);
    },
    find(media) {
      let nearest: { captured: number; distance: number } | null = null;
      for (let index = times.length - 1; index >= 0; index--) {
        const time = times[index];
        if (!time) continue;
        const distance = Math.abs(time.media - media);
        if (nearest === null || distance < nearest.distance) nearest = { captured: time.captured, distance };
        if (distance <= NEAR_SECONDS / 2) break;
      }
      return nearest !== null && nearest.distance <= NEAR_SECONDS ? nearest.captured : null;
    },
    clear() {
      times = [];
    },
  };
};
