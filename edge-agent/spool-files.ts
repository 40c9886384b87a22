/** Files of the spool: written so that a cut of the power leaves the old or the new, read so that one damaged file blocks nothing. */
import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";

/** One run of one recorder. Times of its files are `ticks / 90` ms after `origin_ms`. */
export const Run = z.object({
  boot_id: z.uuid(),
  camera_id: z.uuid(),
  recording_id: z.uuid(),
  /** Server time of the tick 0 of its files, ms. */
  origin_ms: z.number(),
  clock_offset_ms: z.number().int(),
});
export type Run = z.infer<typeof Run>;

/** A file of a run that is not journalled. */
export type Unfinished = { sequence: number; path: string };
export type LeftBehind = { run: Run; files: Unfinished[] };

export const fileName = (sequence: number): string => `${String(sequence).padStart(8, "0")}.mp4`;
export const nameOf = ({ boot_id, sequence }: { boot_id: string; sequence: number }): string =>
  `${boot_id}-${String(sequence).padStart(8, "0")}`;

const UNFINISHED = ".new";

export const writeDurably = async (folder: string, name: string, text: string): Promise<void> => {
  const temporary = join(folder, `${name}${UNFINISHED}`);
  try {
    const file = await open(temporary, "w", 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, join(folder, name));
  } catch (error) {
    // A full disk: nobody would ever come back for it.
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(folder);
};

/** What a kill left half written. */
export const removeUnfinished = async (folder: string): Promise<void> => {
  for (const name of (await readdir(folder)).filter((file) => file.endsWith(UNFINISHED)))
    await rm(join(folder, name), { force: true });
};

export const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

export const makeFolder = (folder: string): Promise<unknown> => mkdir(folder, { recursive: true, mode: 0o700 });

/** `null` for what is not there or cannot be read as what it should be. */
export const readJson = async <T extends z.ZodType>(path: string, shape: T): Promise<z.output<T> | null> => {
  try {
    return shape.parse(JSON.parse(await readFile(path, "utf8")));
  } catch {
    return null;
  }
};

/** The files of one run: those that FFmpeg wrote, and those that already bear their final name but no journal entry. */
export const readRun = async (folder: string, ready: string): Promise<LeftBehind | null> => {
  const run = await readJson(join(folder, "run.json"), Run);
  if (!run) return null;
  const written = (await readdir(folder)).flatMap((name) =>
    /^\d{8}\.mp4$/.test(name) ? [{ sequence: Number(name.slice(0, 8)), path: join(folder, name) }] : [],
  );
  const names = new Set((await readdir(ready)).filter((name) => name.startsWith(run.boot_id)));
  const renamed = [...names].flatMap((name) =>
    name.endsWith(".mp4") && !names.has(`${name.slice(0, -4)}.json`)
      ? [{ sequence: Number(name.slice(-12, -4)), path: join(ready, name) }]
      : [],
  );
  return { run, files: [...renamed, ...written].toSorted((a, b) => a.sequence - b.sequence) };
};
