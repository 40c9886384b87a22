import type { Messages } from "#console/messages/pt-br.ts";

/** The word of a gap's cause; a cause that this page does not know yet is unknown to it. */
export const causeWord = (cause: string | null): keyof Messages["timeline"]["gapCauses"] =>
  cause !== null && known.has(cause) ? (cause as keyof Messages["timeline"]["gapCauses"]) : "unknown";

const known = new Set<string>(["camera", "uplink", "agent", "disk", "policy", "operator", "clock"]);
