/** Who sees nothing and says why: where seeing is switched off. */
import { AppError } from "#lib/errors.ts";
import type { Sight } from "./sight.ts";

export const blindSight = (reason: string): Sight => {
  const refuse = async (): Promise<never> => {
    throw new AppError("unavailable", reason, { reason: "vision.without_models", retry_after_seconds: 60 });
  };
  return {
    vision: { state: () => ({ state: "without_models", reason }), find: refuse, close: async () => undefined },
    pictures: {
      decode: refuse,
      worthLooking: () => false,
      lookForVehicles: () => () => null,
      jpegOf: refuse,
      counts: () => ({ decoded: 0, refused: 0, skipped: 0, set_aside: 0, restarts: 0 }),
    },
    close: async () => undefined,
  };
};
