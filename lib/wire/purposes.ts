/**
 * Why plates may be searched, for who asks and who answers. What needs a number says so: an audit must lead to the paper behind
 * a search. Plain values, because the console loads them without zod.
 */
export const purposeCodes = [
  "criminal_investigation",
  "stolen_vehicle",
  "missing_person",
  "traffic_accident",
  "court_order",
  "system_check",
] as const;
export type PurposeCode = (typeof purposeCodes)[number];

export const needsReference: Record<PurposeCode, boolean> = {
  criminal_investigation: true,
  stolen_vehicle: false,
  missing_person: false,
  traffic_accident: false,
  court_order: true,
  system_check: false,
};
