/** A volume of its own, small enough to be filled: a tmpfs, which only root may mount. */
import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, rmdirSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export type SmallVolume = {
  path: string;
  /** Takes every byte that is left. */
  fill(): void;
  /** Gives them back. */
  empty(): void;
  remove(): void;
};

const BLOCK = Buffer.alloc(1024 * 1024);

export const smallVolume = (megabytes: number): SmallVolume | null => {
  const path = mkdtempSync(join(tmpdir(), "gt-volume-"));
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m,mode=0700`, "tmpfs", path]);
  if (mounted.status !== 0) {
    rmdirSync(path);
    console.warn(`No tmpfs can be mounted here (${mounted.stderr?.toString().trim()}): full disks are not tried.`);
    return null;
  }
  const filler = join(path, "somebody-elses-file");
  return {
    path,
    fill() {
      const file = openSync(filler, "a");
      for (let length = BLOCK.length; length >= 1; length = Math.floor(length / 4)) writeAll(file, length);
      closeSync(file);
    },
    empty: () => rmSync(filler, { force: true }),
    remove() {
      spawnSync("umount", ["-l", path]);
      rmdirSync(path);
    },
  };
};

const writeAll = (file: number, length: number): void => {
  try {
    while (writeSync(file, BLOCK, 0, length) > 0);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOSPC")) throw error;
  }
};
