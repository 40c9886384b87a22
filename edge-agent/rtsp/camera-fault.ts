/** What can be wrong with a camera, as an error: one of the closed causes and nothing else. */
import { AppError } from "#lib/errors.ts";
import { CameraCause } from "#lib/wire/agent.ts";

export const cameraFault = (cause: CameraCause): AppError =>
  new AppError("unavailable", `The camera cannot be read: ${cause}`, { reason: cause });

/** What is not one of ours is a fault of the line. */
export const causeOf = (error: unknown): CameraCause => {
  const read = CameraCause.safeParse(error instanceof AppError ? error.reason : undefined);
  return read.success ? read.data : "unreachable";
};
