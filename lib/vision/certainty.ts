/** What is done by how certain a reading is, 0 to 1. Chosen by measurement: `training/notes.md`, `test/bench/confidence.ts`. */

/** Below this a text is a guess and nothing is said of it: no read, no alert. The passage waits for a better look. */
export const TOLD_FROM = 0.3;
/** A read below this is marked for people (`needs_review`). Alerts do not wait for them. */
export const REVIEWED_BELOW = 0.95;
