/** A search without the paper that its purpose wants is refused. */
import { AppError } from "#lib/errors.ts";
import { needsReference, type PurposeCode } from "#lib/wire/purposes.ts";

export const mustNamePurpose = (purpose: PurposeCode, reference: string | undefined): void => {
  if (!needsReference[purpose] || reference) return;
  throw new AppError("invalid", "This purpose needs the number of its process", {
    reason: "purpose.reference_required",
    errors: [{ path: "purpose_reference", code: "required" }],
  });
};
