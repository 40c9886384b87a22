/** What can be wrong with a camera, as an error: one of the closed causes and nothing else. */
import { AppError } from "#lib/errors.ts";
import { CameraCause } from "#lib/wire/agent.ts";

/** `codec`: what it sends instead of what we read. */
export const cameraFault = (cause: CameraCause, codec?: string): AppError =>
  new AppError("unavailable", `The camera cannot be read: ${cause}`, {
    reason: cause,
    ...(codec === undefined ? {} : { params: { codec } }),
  });

/** What is not one of ours is a fault of the line. */
export const causeOf = (error: unknown): CameraCause => {
  const read = CameraCause.safeParse(error instanceof AppError ? error.reason : undefined);
  return read.success ? read.data : "unreachable";
};
