import { AppError } from "#lib/errors.ts";

/** `If-Match`: somebody else's change is not overwritten unseen. */
export const mustMatch = (version: number, if_match: number | null): void => {
  if (if_match !== null && if_match !== version) {
    throw new AppError("precondition_failed", "It was changed meanwhile", {
      reason: "version.changed",
      params: { version },
    });
  }
};
