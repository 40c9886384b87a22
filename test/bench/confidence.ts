/**
 * How often a passage's reading is right by the confidence that it has, of one look and of several: whole loops of the demonstration's
 * nine streets, read and gathered by the rules of the product. `node test/bench/confidence.ts [--seeds 5]`. What passes far away
 * counts too: a wrong guess there must say that it is one. It fails where a read that is believed is wrong too often.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { prepareCity, type CityCamera } from "#demo/city.ts";
import { readVideo } from "#demo/rtsp/video.ts";
import { looksOf } from "#functions/ai/looks.ts";
import { add, begin, passagesOf, readingOf, type Passage } from "#functions/ai/passages.ts";
import { noLog } from "#lib/log.ts";
import { toAnnexB } from "#lib/media/h264.ts";
import { REVIEWED_BELOW } from "#lib/vision/certainty.ts";
import { openKeyFrameDecoder } from "#lib/vision/key-frames/open-key-frame-decoder.ts";
import { openVision } from "#lib/vision/open-vision.ts";
import type { PlateFound } from "#lib/vision/vision.ts";
import { intervalOf } from "./intervals.ts";

const { values } = parseArgs({ options: { seeds: { type: "string", default: "5" } } });
const STREETS = 9;
/** From each on to the next. */
const FROM = [0, 0.3, 0.5, 0.7, 0.85, 0.9, REVIEWED_BELOW, 0.97, 0.99];
const MOST_WRONG = 0.01;

const folder = mkdtempSync(join(tmpdir(), "gt-confidence-"));
const decoder = openKeyFrameDecoder({ processes: 1, log: noLog, limit_ms: 60_000 });
const vision = await openVision({ folder: join(import.meta.dirname, "../../models"), provider: "cpu", log: noLog });
const say = (line: string): void => void process.stdout.write(`${line}\n`);

type Told = { looks: number; confidence: number; right: boolean };

const passagesIn = async ({ file, fps, name, vehicles }: CityCamera): Promise<Told[]> => {
  const { pictures } = await readVideo(file, fps);
  const drawn = new Set(vehicles.map(({ plate }) => plate));
  const firsts = new Map<string, PlateFound>();
  let open: Passage[] = [];
  for (const [frame, { key, nals }] of pictures.entries()) {
    if (!key) continue;
    const picture = await decoder.decode(name, "h264", toAnnexB(nals));
    const at = { id: `${name} ${frame}`, captured_at: new Date((frame * 1000) / fps) };
    const looks = looksOf(at, picture, await vision.find(picture), null);
    const belongs = passagesOf(open, looks);
    const next = looks.map((look, index) => {
      const before = belongs[index];
      if (!before) firsts.set(look.id, look.found);
      return before ? add(before, look) : begin(look);
    });
    open = [...open.filter((passage) => !belongs.includes(passage)), ...next];
  }
  return open.flatMap((passage) => {
    const { plate, confidence } = readingOf(passage, firsts.get(passage.id));
    return plate === null ? [] : [{ looks: passage.looks, confidence, right: drawn.has(plate) }];
  });
};

const told: Told[] = [];
for (let seed = 0; seed < Number(values.seeds); seed += 1) {
  const dataDir = join(folder, String(seed));
  const city = await prepareCity({
    dataDir,
    seed: `confidence-${seed}`,
    cameras: STREETS,
    onProgress: () => undefined,
  });
  for (const camera of city.cameras) told.push(...(await passagesIn(camera)));
  rmSync(dataDir, { recursive: true });
}
await Promise.all([vision.close(), decoder.close()]);
rmSync(folder, { recursive: true, force: true });

/** 95 %, in percent. */
const between = (count: number, of: number): string =>
  `(${intervalOf(count, of)
    .map((share) => (100 * share).toFixed(1))
    .join("–")} %)`;

const table = (title: string, all: readonly Told[]): void => {
  say(`${title}: ${all.length}`);
  for (const [index, from] of FROM.entries()) {
    const to = FROM[index + 1] ?? 1.01;
    const some = all.filter(({ confidence }) => confidence >= from && confidence < to);
    if (some.length === 0) continue;
    const right = some.filter((one) => one.right).length;
    const mean = some.reduce((sum, { confidence }) => sum + confidence, 0) / some.length;
    say(
      `  from ${from}: told ${mean.toFixed(3)} on average, right ${right} of ${some.length} ${between(right, some.length)}`,
    );
  }
};
table(
  "of one look",
  told.filter(({ looks }) => looks === 1),
);
table(
  "of several looks",
  told.filter(({ looks }) => looks > 1),
);
const believed = told.filter(({ confidence }) => confidence >= REVIEWED_BELOW);
const wrong = believed.filter(({ right }) => !right).length;
say(`Believed ${believed.length}, wrong ${wrong} ${between(wrong, believed.length)}`);
if (wrong > believed.length * MOST_WRONG) process.exitCode = 1;
