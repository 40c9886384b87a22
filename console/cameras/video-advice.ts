/** What of a camera's video somebody should change. */

/** Pictures appear, and clips begin, up to this long late. */
const FAR_SECONDS = 2.5;

export const keysAreFar = (key_frame_seconds: number | null): boolean =>
  key_frame_seconds !== null && key_frame_seconds > FAR_SECONDS;

export const isPlayableEverywhere = (codec: string): boolean => /^(h\.?264|avc)/i.test(codec);
