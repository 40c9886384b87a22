/**
 * What has been recorded and is not confirmed yet, in files that survive any kill:
 *
 *     recording/<boot id>/run.json      which camera and recording, and when its time began
 *     recording/<boot id>/00000003.mp4  being written, or finished and not yet journalled
 *     ready/<boot id>-00000003.mp4      finished, durable, immutable
 *     ready/<boot id>-00000003.json     its journal entry, written after it: only then it exists
 *     ready/gap-<id>.json               a hole somebody should know the reason of
 *     refused/                          what the server did not want, with its reason; for a while
 *
 * A run's folder stays until every file of it is journalled: a file in `ready` without an entry is one that was cut short, and
 * is adopted. An entry without its file was confirmed: the file goes first.
 */
import { mkdir, readdir, rename, rm, statfs } from "node:fs/promises";
import { join } from "node:path";
import type * as z from "zod";
import { GapReport, NewSegment } from "#functions/streaming/contract.ts";
import { REFUSED_LIMITS, tidyRefused } from "./refused-files.ts";
import {
  makeFolder,
  nameOf,
  readJson,
  readRun,
  removeUnfinished,
  syncFolder,
  writeDurably,
  type LeftBehind,
  type Run,
} from "./spool-files.ts";

const GapShape = GapReport.shape.gaps.element;
export type Gap = z.infer<typeof GapShape>;

export type Waiting = { segment: NewSegment; file: string };

export type Spool = {
  dir: string;
  /** Where runs have their folders. */
  recording: string;
  /** A folder that nobody had before. Durable when it resolves. */
  begin(run: Run): Promise<string>;
  /** The run's time is known better by now. */
  describe(run: Run): Promise<void>;
  /** Gives a finished file its final name and journals it; both durable when it resolves. */
  keep(path: string, segment: NewSegment): Promise<void>;
  /** Nobody writes it any more; what is not journalled of it is left behind. */
  leave(boot_id: string): void;
  end(boot_id: string): Promise<void>;
  /** Runs that nobody writes, of this process or of one that was killed; oldest first. */
  leftBehind(): Promise<LeftBehind[]>;
  /** Oldest first, those of `except` left out. */
  waiting(limit: number, except?: ReadonlySet<string>): Promise<Waiting[]>;
  confirmed(segment: NewSegment): Promise<void>;
  refused(segment: NewSegment, reason: string): Promise<void>;
  /** Deletes what was put aside long ago, or is too much. */
  tidyRefused(now_ms: number): Promise<{ names: string[]; bytes: number }>;
  keepGap(id: string, gap: Gap): Promise<void>;
  gaps(): Promise<{ id: string; gap: Gap }[]>;
  forgetGap(id: string): Promise<void>;
  /** Bytes free on its volume. */
  free(): Promise<{ free: number; total: number }>;
};

const GAPS_AT_ONCE = 100;

export const openSpool = async (dir: string): Promise<Spool> => {
  const folders = { recording: join(dir, "recording"), ready: join(dir, "ready"), refused: join(dir, "refused") };
  const { recording, ready } = folders;
  for (const folder of Object.values(folders)) await makeFolder(folder);
  for (const folder of [ready, folders.refused]) await removeUnfinished(folder);
  const writing = new Set<string>();
  const journal = await openJournal(folders);
  return {
    dir,
    recording,
    async begin(run) {
      const folder = join(recording, run.boot_id);
      await mkdir(folder, { mode: 0o700 });
      writing.add(run.boot_id);
      try {
        await writeDurably(folder, "run.json", JSON.stringify(run));
        await syncFolder(recording);
      } catch (error) {
        // A full disk: nobody writes here, and nobody would look for what is being written.
        writing.delete(run.boot_id);
        await rm(folder, { recursive: true, force: true });
        throw error;
      }
      return folder;
    },
    describe: (run) => writeDurably(join(recording, run.boot_id), "run.json", JSON.stringify(run)),
    leave: (boot_id) => void writing.delete(boot_id),
    end: (boot_id) => rm(join(recording, boot_id), { recursive: true, force: true }),
    async leftBehind() {
      const found: LeftBehind[] = [];
      for (const boot_id of (await readdir(recording)).filter((name) => !writing.has(name)).toSorted()) {
        const left = await readRun(join(recording, boot_id), ready);
        if (left) found.push(left);
        // Killed between the folder and its first word: nothing was recorded yet.
        else await rm(join(recording, boot_id), { recursive: true, force: true });
      }
      return found;
    },
    ...journal,
    tidyRefused: (now_ms) => tidyRefused(folders.refused, REFUSED_LIMITS, now_ms),
    keepGap: (id, gap) => writeDurably(ready, `gap-${id}.json`, JSON.stringify(gap)),
    async gaps() {
      const names = (await readdir(ready)).filter((name) => name.startsWith("gap-") && name.endsWith(".json"));
      const read = names.slice(0, GAPS_AT_ONCE).map(async (name) => {
        const gap = await readJson(join(ready, name), GapShape);
        if (!gap) await rm(join(ready, name), { force: true });
        return gap ? [{ id: name.slice(4, -5), gap }] : [];
      });
      return (await Promise.all(read)).flat();
    },
    forgetGap: (id) => rm(join(ready, `gap-${id}.json`), { force: true }),
    async free() {
      const { bavail, blocks, bsize } = await statfs(dir);
      return { free: bavail * bsize, total: blocks * bsize };
    },
  };
};

type Folders = { recording: string; ready: string; refused: string };

/** The names of what waits are read once: a site that was cut off for a day has many. */
const openJournal = async (folders: Folders): Promise<Pick<Spool, "keep" | "waiting" | "confirmed" | "refused">> => {
  const { ready, refused } = folders;
  const waiting = new Set(await settledNames(folders));
  const putAside = async (name: string, text: string): Promise<void> => {
    await writeDurably(refused, `${name}.json`, text);
    await rename(join(ready, `${name}.mp4`), join(refused, `${name}.mp4`)).catch(() => undefined);
    await rm(join(ready, `${name}.json`), { force: true });
    waiting.delete(name);
  };
  return {
    async keep(path, segment) {
      const name = nameOf(segment);
      const file = join(ready, `${name}.mp4`);
      if (path !== file) await rename(path, file);
      await syncFolder(ready);
      await writeDurably(ready, `${name}.json`, JSON.stringify(segment));
      waiting.add(name);
    },
    async waiting(limit, except = new Set()) {
      const found: Waiting[] = [];
      for (const name of waiting) {
        if (found.length >= limit) break;
        if (except.has(name)) continue;
        const segment = await readJson(join(ready, `${name}.json`), NewSegment);
        if (segment) found.push({ segment, file: join(ready, `${name}.mp4`) });
        else await putAside(name, JSON.stringify({ reason: "unreadable_entry" }));
      }
      return found;
    },
    async confirmed(segment) {
      const name = nameOf(segment);
      await rm(join(ready, `${name}.mp4`), { force: true });
      await rm(join(ready, `${name}.json`), { force: true });
      waiting.delete(name);
    },
    refused: (segment, reason) => putAside(nameOf(segment), JSON.stringify({ reason, segment })),
  };
};

/** Entries whose file is gone were confirmed; files that belong to nothing are put aside. */
const settledNames = async ({ recording, ready, refused }: Folders): Promise<string[]> => {
  const all = new Set(await readdir(ready));
  const runs = new Set(await readdir(recording));
  const names: string[] = [];
  for (const file of [...all].filter((name) => /^[0-9a-f]{8}-.*\.(mp4|json)$/.test(name)).toSorted()) {
    const [name, kind] = [file.slice(0, file.lastIndexOf(".")), file.slice(file.lastIndexOf(".") + 1)];
    if (kind === "json" && all.has(`${name}.mp4`)) names.push(name);
    else if (kind === "json") await rm(join(ready, file), { force: true });
    else if (!all.has(`${name}.json`) && !runs.has(name.slice(0, 36))) {
      await rename(join(ready, file), join(refused, file));
    }
  }
  return names;
};
