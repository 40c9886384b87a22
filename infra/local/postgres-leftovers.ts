/** What an earlier run left of a PostgreSQL server: the server itself, its lock file, or who worked for it. */
import { existsSync, readFileSync, readdirSync, readlinkSync, realpathSync, rmSync } from "node:fs";
import { join } from "node:path";

const [STOPS_MS, ORPHANS_MS] = [30_000, 10_000];

/**
 * A supervisor that was killed leaves its server running: it is stopped in order before a new one starts. The lock file of a
 * dead server stays: by it PostgreSQL finds out whether sessions of that server still hold its memory. Only where its number
 * has been given to another program it would be believed wrongly.
 */
export const endLeftover = async (dataDir: string): Promise<void> => {
  const file = join(dataDir, "postmaster.pid");
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, "utf8").split("\n")[0]);
  if (!existsSync(`/proc/${pid}`)) return;
  if (!isOurPostgres(pid, dataDir)) return rmSync(file, { force: true });
  process.kill(pid, "SIGINT");
  for (const deadline = Date.now() + STOPS_MS; Date.now() < deadline && isOurPostgres(pid, dataDir);) await pause(50);
  if (isOurPostgres(pid, dataDir)) process.kill(pid, "SIGQUIT");
};

/**
 * Who worked for a server that was killed ends when it notices; one that does not holds that server's memory, and no other would
 * ever start. Killed as its server was: what it was at is repaired from the log as after a power cut.
 */
export const endOrphans = async (dataDir: string): Promise<void> => {
  for (const deadline = Date.now() + ORPHANS_MS; Date.now() < deadline; await pause(50)) {
    const orphans = orphansOf(dataDir);
    if (orphans.length === 0) return;
    for (const pid of orphans) killQuietly(pid);
  }
};

/** All of PostgreSQL's processes work in the data directory, and no other program does. */
const orphansOf = (dataDir: string): number[] => {
  const folder = realpathSync(dataDir);
  return readdirSync("/proc")
    .filter(
      (name) =>
        /^\d+$/.test(name) &&
        linkOf(name, "cwd") === folder &&
        /\/postgres(?: \(deleted\))?$/.test(linkOf(name, "exe")),
    )
    .map(Number);
};

const linkOf = (pid: string, link: "cwd" | "exe"): string => {
  try {
    return readlinkSync(`/proc/${pid}/${link}`);
  } catch {
    // It has ended, or is somebody else's.
    return "";
  }
};

const killQuietly = (pid: number): void => {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended meanwhile.
  }
};

/** In a user namespace the file holds the same process number: only users are mapped. */
const isOurPostgres = (pid: number, dataDir: string): boolean => {
  try {
    return pid > 1 && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(dataDir);
  } catch {
    return false;
  }
};

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
