/** What a simulated camera can suffer from. */

export const faults = [
  "none",
  /** Connected, nothing comes. */
  "freeze",
  /** Pictures come, always the same one. */
  "repeat",
  /** Every line is cut, once. */
  "cut",
  /** Nobody listens. */
  "refuse",
  /** Two seconds nothing, then all of it at once. */
  "stutter",
  /** The camera's clock and its RTP time jump by an hour. */
  "clock_jump",
  /** No password is right. */
  "wrong_password",
  /** Bytes that are no RTSP. */
  "garbage",
  /** Takes connections and never answers. */
  "silent",
  /** A description without video. */
  "no_video",
  /** Video in a codec nobody here reads. */
  "other_codec",
  /** Answers with another address. */
  "redirect",
] as const;
export type Fault = (typeof faults)[number];
