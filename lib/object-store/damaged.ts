import { AppError } from "#lib/errors.ts";

export const damaged = (): AppError =>
  new AppError("internal", "A stored object is not what was stored", { reason: "object.damaged" });
