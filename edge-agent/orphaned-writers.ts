/**
 * FFmpegs that a killed agent left behind. Without their relay they finish their file and end; one that is stopped or stuck would
 * go on writing after its file was adopted, so it is ended before.
 */
import { readdir, readFile } from "node:fs/promises";
import { pause } from "#lib/pause.ts";

const PATIENCE_MS = 2000;
const LOOK_EVERY_MS = 50;

/** `folder`: stands in the command line of every writer. Answers how many had to be killed. */
export const endOrphanedWriters = async (folder: string, patience_ms = PATIENCE_MS): Promise<number> => {
  const naps = pause();
  const started = performance.now();
  let killed = 0;
  for (;;) {
    const writers = await writersOf(folder);
    if (writers.length === 0) return killed;
    if (performance.now() - started > patience_ms && killed === 0) {
      for (const pid of writers) if (kill(pid)) killed += 1;
    }
    await naps.nap(LOOK_EVERY_MS);
  }
};

const kill = (pid: number): boolean => {
  try {
    return process.kill(pid, "SIGKILL");
  } catch {
    // It has ended meanwhile.
    return false;
  }
};

/** Nothing to be known where there is no /proc. */
const writersOf = async (folder: string): Promise<number[]> => {
  const pids = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name)).map(Number);
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")));
  return pids.filter((pid, index) => {
    const [program = "", ...words] = (lines[index] ?? "").split("\0");
    return pid !== process.pid && /(^|\/)ffmpeg$/.test(program) && words.some((word) => word.startsWith(folder));
  });
};
