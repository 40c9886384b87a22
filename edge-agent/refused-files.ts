/** What was put aside, for somebody to look at: for a while, and never so much that it takes the room of recordings. */
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";

export type RefusedLimits = { count: number; bytes: number; age_ms: number };

/** Seven days is the shortest plan of a city: nowhere may pictures be kept on for longer than recordings are. */
export const REFUSED_LIMITS: RefusedLimits = { count: 500, bytes: 1024 ** 3, age_ms: 7 * 24 * 3_600_000 };

type Refused = { name: string; files: string[]; bytes: number; put_aside_ms: number };

/** Oldest first. Answers what was deleted, by name. */
export const tidyRefused = async (
  folder: string,
  limits: RefusedLimits,
  now_ms: number,
): Promise<{ names: string[]; bytes: number }> => {
  const all = await refusedIn(folder);
  const names: string[] = [];
  let [count, bytes, deleted] = [all.length, all.reduce((sum, one) => sum + one.bytes, 0), 0];
  for (const one of all) {
    const isTooOld = now_ms - one.put_aside_ms > limits.age_ms;
    if (!isTooOld && count <= limits.count && bytes <= limits.bytes) break;
    for (const file of one.files) await rm(join(folder, file), { force: true });
    [count, bytes, deleted] = [count - 1, bytes - one.bytes, deleted + one.bytes];
    names.push(one.name);
  }
  return { names, bytes: deleted };
};

/** A recording and its reason belong together; of an old recording the reason alone says when it was put aside. */
const refusedIn = async (folder: string): Promise<Refused[]> => {
  const found = new Map<string, Refused>();
  for (const file of await readdir(folder)) {
    const { size, mtimeMs } = await stat(join(folder, file));
    const name = file.replace(/\.[^.]+$/, "");
    const one = found.get(name) ?? { name, files: [], bytes: 0, put_aside_ms: 0 };
    one.files.push(file);
    one.bytes += size;
    one.put_aside_ms = Math.max(one.put_aside_ms, mtimeMs);
    found.set(name, one);
  }
  return [...found.values()].toSorted((a, b) => a.put_aside_ms - b.put_aside_ms);
};
