/** The data folder: who holds it, what it is called, and where things lie in it. */
import { randomBytes, randomUUID } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";

/** `id` is in the database too; clean-up refuses when they disagree. `seed` draws the demonstration city. */
const Installation = z.object({ id: z.uuid(), seed: z.string(), created_at: z.string() });
export type Installation = z.infer<typeof Installation>;

export type DataFolder = {
  root: string;
  secrets: string;
  objects: string;
  agent: string;
  demo: string;
  logs: string;
  run: string;
  installation: Installation;
  release(): void;
};

/** Takes the folder for this process. Throws one sentence for people when another holds it. */
export const openDataFolder = (root: string, seed: string | null): DataFolder => {
  mkdirSync(root, { recursive: true });
  // What lies in it is for its owner alone: keys, recordings, plates.
  chmodSync(root, 0o700);
  const release = takeLock(join(root, "gt-vision.lock"), root);
  const folder = (name: string): string => {
    const path = join(root, name);
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return path;
  };
  return {
    root,
    secrets: folder("secrets"),
    objects: folder("objects"),
    agent: folder("agent"),
    demo: folder("demo"),
    logs: folder("logs"),
    run: folder("run"),
    installation: readInstallation(join(root, "installation.json"), seed),
    release,
  };
};

const readInstallation = (file: string, seed: string | null): Installation => {
  if (existsSync(file)) {
    const installation = Installation.parse(JSON.parse(readFileSync(file, "utf8")));
    if (seed !== null && seed !== installation.seed) {
      throw new Error(
        `This data folder was drawn with the seed ${installation.seed}. Another one needs another folder (--data) or --reset.`,
      );
    }
    return installation;
  }
  const made = { id: randomUUID(), seed: seed ?? randomBytes(4).toString("hex"), created_at: new Date().toISOString() };
  writeFileSync(file, JSON.stringify(made, null, 2), { mode: 0o600 });
  return made;
};

const takeLock = (file: string, root: string): (() => void) => {
  const holder = existsSync(file) ? Number(readFileSync(file, "utf8")) : Number.NaN;
  if (holder !== process.pid && isAlive(holder)) {
    throw new Error(
      `GT-Vision already runs on ${root} (process ${holder}). Stop it with Ctrl-C there, or use another folder: --data DIR.`,
    );
  }
  writeFileSync(file, String(process.pid), { mode: 0o600 });
  return () => rmSync(file, { force: true });
};

/** A process number can be used again by somebody else: only a Node process counts. */
const isAlive = (pid: number): boolean => {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("infra/local/start.ts");
  } catch {
    return false;
  }
};
