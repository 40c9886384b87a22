/** A key ring for tests only: one key that everybody knows. */
import { createHmac } from "node:crypto";
import type { Keys } from "#lib/secrets/keys.ts";

const macOf = (ring: string, text: string): string =>
  createHmac("sha256", "everybody knows this").update(`${ring}\n${text}`).digest("hex");

export const fakeKeys: Pick<Keys, "mac" | "checkMac"> = {
  mac: async (ring, text) => ({ key_id: "fake", mac: macOf(ring, text) }),
  checkMac: async (ring, text, { key_id, mac }) => key_id === "fake" && mac === macOf(ring, text),
};
