import { frames } from "#lib/function/define.ts";
import { lookAtFrame } from "#lib/vision/look-at-frame.ts";
import { photographPlate, photographScene } from "#lib/vision/photographs.ts";
import type { Picture } from "#lib/vision/picture.ts";
import type { Pictures } from "#lib/vision/sight.ts";
import { keepLooks, mustBeOfToday } from "../kept-looks.ts";
import { looksOf } from "../looks.ts";
import { insertPassers } from "../passers.ts";
import type { Photographs } from "../stored-pictures.ts";

export const readPlates = frames({
  name: "read-plates",
  summary: "Reads plates from frames: looks of one passage become one read, with its pictures",
  frames: { parallel: 4 },
  needs: ["transaction", "objects", "vision", "pictures", "clock"],
  async handle(frame, needs) {
    if (frame.read_at_site) return { skipped: "read_at_site" };
    const { vision, pictures, clock, transaction, objects } = needs;
    const state = vision.state();
    if (state.state !== "ready") return { skipped: "without_models" };
    mustBeOfToday(frame, clock());
    const looked = await lookAtFrame(frame, needs);
    if (looked === null) return { skipped: "not_decoded" };
    const { picture, plates, carriers, passers } = looked;
    const about = { frame, received_at: clock(), reader_version: state.version };
    if (passers.length > 0) await transaction(({ sql }) => insertPassers(sql, about, passers));
    if (looked.unchanged) return { skipped: "unchanged" };
    const looks = looksOf(frame, picture, plates, carriers);
    if (looks.length === 0) return { skipped: "no_plate" };
    const keeping = { transaction, objects, once: (tx: { once(): Promise<boolean> }) => tx.once() };
    const kept = await keepLooks(keeping, about, looks, photographsOf(pictures, picture));
    return kept.kind === "parked" ? { skipped: "parked" } : undefined;
  },
});

const photographsOf = (pictures: Pictures, picture: Picture): Photographs => ({
  has: () => true,
  scene: () => photographScene(pictures, picture),
  plate: ({ found }) => photographPlate(pictures, picture, found.box),
});
