/** Why plates may be searched. What needs a number says so: an audit must lead to the paper behind a search. */
import type * as z from "zod";
import { AppError } from "#lib/errors.ts";
import type { PurposeCode } from "./contract.ts";

const needsReference: Record<z.infer<typeof PurposeCode>, boolean> = {
  criminal_investigation: true,
  stolen_vehicle: false,
  missing_person: false,
  traffic_accident: false,
  court_order: true,
  system_check: false,
};

export const mustNamePurpose = (purpose: z.infer<typeof PurposeCode>, reference: string | undefined): void => {
  if (!needsReference[purpose] || reference) return;
  throw new AppError("invalid", "This purpose needs the number of its process", {
    reason: "purpose.reference_required",
    errors: [{ path: "purpose_reference", code: "required" }],
  });
};
