/** Every function of the system, by context and name. A new one is its folder, its import and one line here. */
import type { Catalogue } from "#lib/function/define.ts";

export const catalogue = {
  admin: {},
  cidades: {},
  streaming: {},
  ai: {},
} satisfies Catalogue;
