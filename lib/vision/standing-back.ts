/** Looking at pictures takes all processors that it gets; live pictures and recordings on the same machine come first. */
import { setPriority } from "node:os";

/** Ten steps down, Linux gives a tenth of what a process of usual priority gets beside it, and all that nobody else wants. */
const STEPS_DOWN = 10;

/** A process, or without `pid` the calling thread alone (on Linux). */
export const standBack = (pid = 0): void => {
  try {
    setPriority(pid, STEPS_DOWN);
  } catch {
    // It has ended, or the platform does not allow it: then it competes with the rest.
  }
};
