/** Key rings as files: one per ring, rights 0600, made on the first start. */
import { chmod, link, mkdir, open, readdir, readFile, rename, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { uuidv7 } from "#lib/ids.ts";
import type { Keys } from "./keys.ts";
import { Material, newRing, newTokenRing, ringNames, rotate, type RingName } from "./material.ts";
import { keysFrom } from "./key-rings.ts";

const fileOf = (ring: RingName): string => `gt-${ring}.json`;
const SYSTEM_TOKEN_FILE = "gt-system-token";

/** Makes what is not there yet and touches nothing that is. Two starters at once are safe. */
export const ensureSecrets = async (dir: string, now: Date = new Date()): Promise<void> => {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const there = new Set(await readdir(dir));
  for (const ring of ringNames) {
    if (there.has(fileOf(ring))) continue;
    const made = ring === "tokens" ? await newTokenRing(now) : newRing(now);
    await writeOnce(dir, fileOf(ring), JSON.stringify(made, null, 2));
  }
  if (!there.has(SYSTEM_TOKEN_FILE)) {
    const random = crypto.getRandomValues(new Uint8Array(32));
    await writeOnce(dir, SYSTEM_TOKEN_FILE, Buffer.from(random).toString("base64url"));
  }
  for (const name of [...ringNames.map(fileOf), SYSTEM_TOKEN_FILE]) await chmod(join(dir, name), 0o600);
};

/** Also reads secrets as platforms mount them: a file, or a folder with the one file in it. */
export const readMaterial = async (dir: string): Promise<Material> => {
  const rings = await Promise.all(
    ringNames.map(async (ring) => [ring, JSON.parse(await readSecret(dir, fileOf(ring)))] as const),
  );
  const read = Material.safeParse({
    ...Object.fromEntries(rings),
    system_token: (await readSecret(dir, SYSTEM_TOKEN_FILE)).trim(),
  });
  if (read.success) return read.data;
  // Names only: the values are keys.
  const where = [...new Set(read.error.issues.map(({ path }) => String(path[0])))];
  throw new Error(`Secrets in ${dir}: malformed: ${where.join(", ")}`);
};

export const openKeys = async (dir: string): Promise<Keys> => keysFrom(await readMaterial(dir));

/** A new key in one ring, in place. Processes see it at their next start. */
export const rotateFile = async (dir: string, ring: RingName, now: Date = new Date()): Promise<void> => {
  const rotated = await rotate(await readMaterial(dir), ring, now);
  const temporary = await writeTemporary(dir, fileOf(ring), JSON.stringify(rotated[ring], null, 2));
  await rename(temporary, join(dir, fileOf(ring)));
  await syncFolder(dir);
};

/** A single value kept as a file, e.g. an address with a password in it; `undefined` when there is none. */
export const readSecretIfThere = async (dir: string, name: string): Promise<string | undefined> =>
  (await stat(join(dir, name)).catch(() => null)) ? (await readSecret(dir, name)).trim() : undefined;

const readSecret = async (dir: string, name: string): Promise<string> => {
  const path = join(dir, name);
  const found = await stat(path).catch(() => null);
  if (!found) throw new Error(`Secrets in ${dir}: ${name} is missing`);
  if (!found.isDirectory()) return readFile(path, "utf8");
  const inside = (await readdir(path)).filter((entry) => !entry.startsWith("."));
  if (inside.length !== 1) throw new Error(`Secrets in ${dir}: ${name} is a folder and not of one file`);
  return readFile(join(path, inside[0] ?? ""), "utf8");
};

/** `link` refuses what is there: the first of two starters wins and nobody reads half a file. */
const writeOnce = async (dir: string, name: string, text: string): Promise<void> => {
  const temporary = await writeTemporary(dir, name, text);
  try {
    await link(temporary, join(dir, name));
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  } finally {
    await unlink(temporary);
  }
  await syncFolder(dir);
};

const writeTemporary = async (dir: string, name: string, text: string): Promise<string> => {
  const path = join(dir, `.${name}.${uuidv7()}`);
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile(`${text}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  return path;
};

const syncFolder = async (dir: string): Promise<void> => {
  const folder = await open(dir, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
};
