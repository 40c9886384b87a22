/** `npm run read-plates`: plates from pictures, videos and cameras, for who sits at the machine. */
import { availableParallelism } from "node:os";
import { AppError } from "#lib/errors.ts";
import { createLog } from "#lib/log.ts";
import { openVision } from "#lib/vision/open-vision.ts";
import { openVehicles } from "#lib/vision/vehicles/vehicles.ts";
import type { Vision } from "#lib/vision/vision.ts";
import { drawPlates, makeFolder } from "./drawing.ts";
import { inOrder } from "./in-order.ts";
import { plateOf, tableRows, type Line } from "./lines.ts";
import { help, readOptions, type Options } from "./options.ts";
import { openProgress } from "./progress.ts";
import { looksAt, type Look } from "./sources.ts";

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const tell = (words: string): void => void process.stderr.write(words);
const MOST_WORKERS = 2;

/** `undrawn`: why there is no drawing of what was found. */
type Outcome = { look: Look; line: Line; undrawn: string | null };

const main = async (): Promise<void> => {
  const options = readOptions(process.argv.slice(2), process.env.INIT_CWD ?? process.cwd());
  if (!options) return say(help);
  const stopping = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stopping.abort());
  const outputs = watchOutputs(stopping);
  if (options.draw !== null) await makeFolder(options.draw);
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
  if (outputs.failed) throw outputs.failed;
};

/** Who reads our lines may have enough of them (`… | head -1`): that is an end like any other, and no fault. */
const watchOutputs = (stopping: AbortController): { failed: Error | null } => {
  const outputs: { failed: Error | null } = { failed: null };
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE" && !stopping.signal.aborted) outputs.failed = error;
    stopping.abort(enough);
  });
  process.stderr.on("error", () => {});
  return outputs;
};
const enough = "nobody reads on";

const readAll = async (vision: Vision, options: Options, workers: number, signal: AbortSignal): Promise<void> => {
  const progress = openProgress(tell, process.stderr.isTTY, () => performance.now());
  const looks = looksAt(options.sources, { ...options, signal, note: progress.note });
  // One more than looks at once, so that the next picture is decoded meanwhile.
  for await (const { look, line, undrawn } of inOrder(looks, workers + 1, (look) => lookAt(vision, look, options))) {
    if (signal.aborted) break;
    if (options.json) say(JSON.stringify(line));
    else for (const row of tableRows(line, look)) say(row);
    progress.one(line);
    if (undrawn !== null) progress.note(`${line.file}: its drawing could not be written (${undrawn})`);
    if ("error" in line || undrawn !== null) process.exitCode = 1;
  }
  if (signal.reason !== enough) progress.end();
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
    const undrawn = options.draw === null ? null : await draw(options.draw, look.name, picture, plates);
    return { look, line: { file, time, width: picture.width, height: picture.height, plates }, undrawn };
  } catch (error) {
    const reason = error instanceof AppError ? (error.reason ?? error.code) : "internal";
    const message = error instanceof Error ? error.message : String(error);
    return { look, line: { file, time, error: { reason, message } }, undrawn: null };
  }
};

/** What was read stands, whatever becomes of its drawing. */
const draw = (...drawing: Parameters<typeof drawPlates>): Promise<string | null> =>
  drawPlates(...drawing).then(
    () => null,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );

await main().catch((error: unknown) => {
  tell(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
