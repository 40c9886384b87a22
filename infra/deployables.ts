/** Which functions share an image and a process. A new function falls into its context's group by itself. */
import type { AnyFunction, Catalogue } from "#lib/function/define.ts";
import type { Listed } from "#lib/function/derive/entry.ts";
import type { Deployable, Image } from "#lib/function/derive/stack.ts";

/** Start FFmpeg. */
const withFfmpeg = new Set(["cut-clip"]);
/** Look into pictures, and must not keep waiting what does not. */
const withVision = new Set(["keep-last-frame", "read-plates"]);
/** Must be awake when a camera posts, and must not wait behind anything else. */
const apart = new Map([["receive-lpr-event", "plate-ingest"]]);

export const deployablesOf = (catalogue: Catalogue): Deployable[] => {
  const groups = new Map<string, { image: Image; functions: Listed[] }>();
  for (const [context, functions] of Object.entries(catalogue)) {
    for (const definition of Object.values(functions)) {
      const { name, image } = placeOf(context, definition);
      const group = groups.get(name) ?? { image, functions: [] };
      group.functions.push({ context, definition });
      groups.set(name, group);
    }
  }
  return [...groups].map(([name, group]) => ({ name, ...group })).toSorted((a, b) => (a.name < b.name ? -1 : 1));
};

/** What people wait for and what nobody waits for scale apart. */
const placeOf = (context: string, definition: AnyFunction): { name: string; image: Image } => {
  const own = apart.get(definition.name);
  if (own) return { name: own, image: "plain" };
  if (withFfmpeg.has(definition.name)) return { name: `${context}-media`, image: "ffmpeg" };
  if (withVision.has(definition.name)) return { name: "vision", image: "vision" };
  return { name: "http" in definition ? context : `${context}-work`, image: "plain" };
};
