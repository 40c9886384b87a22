/**
 * What has been recorded and is not confirmed yet, in files that survive any kill:
 *
 *     recording/<boot id>/run.json      which camera and recording, and when its time began
 *     recording/<boot id>/00000003.mp4  being written, or finished and not yet journalled
 *     ready/<boot id>-00000003.mp4      finished, durable, immutable
 *     ready/<boot id>-00000003.json     its journal entry, written after it: only then it exists
 *     ready/gap-<id>.json               a hole somebody should know the reason of
 *     refused/                          what the server did not want, with its reason
 */
import { mkdir, open, readdir, readFile, rename, rm, statfs } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { GapReport, NewSegment } from "#functions/streaming/contract.ts";

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
export type Gap = z.infer<typeof GapReport>["gaps"][number];

export type Spool = {
  dir: string;
  /** Durable when it resolves. */
  begin(run: Run): Promise<string>;
  /** Moves a finished file under its final name and journals it; both durable when it resolves. */
  keep(run: Run, sequence: number, segment: NewSegment): Promise<void>;
  end(boot_id: string): Promise<void>;
  /** Runs that a killed agent left behind, with the numbers of their files. */
  leftBehind(): Promise<{ run: Run; folder: string; files: number[] }[]>;
  /** Oldest first. */
  waiting(limit: number): Promise<{ segment: NewSegment; file: string }[]>;
  confirmed(segment: NewSegment): Promise<void>;
  refused(segment: NewSegment, reason: string): Promise<void>;
  keepGap(id: string, gap: Gap): Promise<void>;
  gaps(): Promise<{ id: string; gap: Gap }[]>;
  forgetGap(id: string): Promise<void>;
  /** Bytes free on its volume. */
  free(): Promise<{ free: number; total: number }>;
};

export const fileName = (sequence: number): string => `${String(sequence).padStart(8, "0")}.mp4`;
const nameOf = ({ boot_id, sequence }: { boot_id: string; sequence: number }): string =>
  `${boot_id}-${String(sequence).padStart(8, "0")}`;

export const openSpool = async (dir: string): Promise<Spool> => {
  const [recording, ready, refused] = ["recording", "ready", "refused"].map((name) => join(dir, name)) as [
    string,
    string,
    string,
  ];
  for (const folder of [recording, ready, refused]) await mkdir(folder, { recursive: true, mode: 0o700 });
  return {
    dir,
    async begin(run) {
      const folder = join(recording, run.boot_id);
      await mkdir(folder, { recursive: true });
      await writeDurably(folder, "run.json", JSON.stringify(run));
      await syncFolder(recording);
      return folder;
    },
    async keep(run, sequence, segment) {
      const name = nameOf(segment);
      await rename(join(recording, run.boot_id, fileName(sequence)), join(ready, `${name}.mp4`));
      await syncFolder(ready);
      await writeDurably(ready, `${name}.json`, JSON.stringify(segment));
    },
    end: (boot_id) => rm(join(recording, boot_id), { recursive: true, force: true }),
    leftBehind: () => readRuns(recording),
    waiting: (limit) => readWaiting(ready, limit),
    async confirmed(segment) {
      const name = nameOf(segment);
      // The entry goes first: a file without one is swept up, an entry without its file would be an error.
      await rm(join(ready, `${name}.json`), { force: true });
      await rm(join(ready, `${name}.mp4`), { force: true });
    },
    async refused(segment, reason) {
      const name = nameOf(segment);
      await writeDurably(refused, `${name}.json`, JSON.stringify({ reason, segment }));
      await rename(join(ready, `${name}.mp4`), join(refused, `${name}.mp4`));
      await rm(join(ready, `${name}.json`), { force: true });
    },
    keepGap: (id, gap) => writeDurably(ready, `gap-${id}.json`, JSON.stringify(gap)),
    async gaps() {
      const names = (await readdir(ready)).filter((name) => name.startsWith("gap-") && name.endsWith(".json"));
      return Promise.all(
        names.slice(0, 100).map(async (name) => ({
          id: name.slice(4, -5),
          gap: GapReport.shape.gaps.element.parse(JSON.parse(await readFile(join(ready, name), "utf8"))),
        })),
      );
    },
    forgetGap: (id) => rm(join(ready, `gap-${id}.json`), { force: true }),
    async free() {
      const { bavail, blocks, bsize } = await statfs(dir);
      return { free: bavail * bsize, total: blocks * bsize };
    },
  };
};

const writeDurably = async (folder: string, name: string, text: string): Promise<void> => {
  const temporary = join(folder, `${name}.new`);
  const file = await open(temporary, "w", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, join(folder, name));
  await syncFolder(folder);
};

const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

const readRuns = async (recording: string): Promise<{ run: Run; folder: string; files: number[] }[]> => {
  const runs = [];
  for (const name of await readdir(recording)) {
    const folder = join(recording, name);
    const names = await readdir(folder);
    // Killed between the folder and its first word: there is nothing in it.
    if (!names.includes("run.json")) continue;
    const run = Run.parse(JSON.parse(await readFile(join(folder, "run.json"), "utf8")));
    const files = names.flatMap((file) => (/^\d{8}\.mp4$/.test(file) ? [Number(file.slice(0, 8))] : []));
    runs.push({ run, folder, files: files.toSorted((a, b) => a - b) });
  }
  return runs;
};

const readWaiting = async (ready: string, limit: number): Promise<{ segment: NewSegment; file: string }[]> => {
  const names = (await readdir(ready)).filter((name) => /^[0-9a-f].*\.json$/.test(name)).toSorted();
  return Promise.all(
    names.slice(0, limit).map(async (name) => ({
      segment: NewSegment.parse(JSON.parse(await readFile(join(ready, name), "utf8"))),
      file: join(ready, `${name.slice(0, -5)}.mp4`),
    })),
  );
};
