/** `npm run read-plates`: plates from pictures, videos and cameras, for who sits at the machine. */
import { availableParallelism } from "node:os";
import { AppError } from "#lib/errors.ts";
import { createLog } from "#lib/log.ts";
import { openVision } from "#lib/vision/open-vision.ts";
import { openVehicles } from "#lib/vision/vehicles/vehicles.ts";
import type { Vision } from "#lib/vision/vision.ts";
import { drawPlates } from "./drawing.ts";
import { inOrder } from "./in-order.ts";
import { plateOf, tableRows, type Line } from "./lines.ts";
import { help, readOptions, type Options } from "./options.ts";
import { looksAt, type Look } from "./sources.ts";

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const tell = (words: string): void => void process.stderr.write(words);
const PROGRESS_MS = 5000;
const MOST_WORKERS = 2;

type Outcome = { look: Look; line: Line };

const main = async (): Promise<void> => {
  const options = readOptions(process.argv.slice(2), process.env.INIT_CWD ?? process.cwd());
  if (!options) return say(help);
  const stopping = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stopping.abort());
  const workers = options.workers ?? Math.min(MOST_WORKERS, availableParallelism());
  const log = createLog({ context: "read-plates", level: "warn", write: tell });
  const vision = await openVision({ folder: options.models, workers, detector_pixels: options.detector_pixels, log });
  try {
    const state = vision.state();
    if (state.state === "without_models") throw new Error(state.reason);
    await readAll(vision, options, workers, stopping.signal);
  } finally {
    await vision.close();
  }
};

const readAll = async (vision: Vision, options: Options, workers: number, signal: AbortSignal): Promise<void> => {
  const told = progress();
  const looks = looksAt(options.sources, { ...options, signal });
  // One more than looks at once, so that the next picture is decoded meanwhile.
  for await (const { look, line } of inOrder(looks, workers + 1, (look) => lookAt(vision, look, options))) {
    if (signal.aborted) break;
    if (options.json) say(JSON.stringify(line));
    else for (const row of tableRows(line, look)) say(row);
    if ("error" in line) process.exitCode = 1;
    told.one(line);
  }
  told.end();
};

const lookForVehicles = openVehicles({ enabled: true });

const lookAt = async (vision: Vision, look: Look, options: Options): Promise<Outcome> => {
  const { file, time } = look;
  try {
    const picture = await look.picture();
    const found = await vision.find(picture);
    const carriers = lookForVehicles(file, new Date((time ?? 0) * 1000), picture)(found)?.carriers;
    const plates = found
      .map((one, index) => plateOf(one, carriers?.[index] ?? null))
      .filter(({ confidence }) => confidence >= options.min_confidence);
    if (options.draw !== null) await drawPlates(options.draw, look.name, picture, plates);
    return { look, line: { file, time, width: picture.width, height: picture.height, plates } };
  } catch (error) {
    const reason = error instanceof AppError ? (error.reason ?? error.code) : "internal";
    const message = error instanceof Error ? error.message : String(error);
    return { look, line: { file, time, error: { reason, message } } };
  }
};

/** On a terminal one line that changes, elsewhere a line every few seconds. */
const progress = (): { one(line: Line): void; end(): void } => {
  const counts = { pictures: 0, plates: 0, errors: 0 };
  let last = performance.now();
  const words = (): string =>
    `${counts.pictures} pictures, ${counts.plates} plates${counts.errors > 0 ? `, ${counts.errors} errors` : ""}`;
  return {
    one(line) {
      counts.pictures += 1;
      if ("error" in line) {
        counts.errors += 1;
        tell(`${process.stderr.isTTY ? "\r\u001b[K" : ""}${line.file}: ${line.error.message}\n`);
      } else counts.plates += line.plates.length;
      if (process.stderr.isTTY) tell(`\r${words()} …\u001b[K`);
      else if (performance.now() - last > PROGRESS_MS) {
        last = performance.now();
        tell(`${words()} …\n`);
      }
    },
    end: () => tell(`${process.stderr.isTTY ? "\r\u001b[K" : ""}${words()}\n`),
  };
};

await main().catch((error: unknown) => {
  tell(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
