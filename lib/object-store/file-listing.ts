/** Keys of a bucket in ascending order of their bytes, read folder by folder. */
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { isErrno, META_SUFFIX } from "./file-paths.ts";

export async function* keysFrom(
  folder: string,
  at: string,
  prefix: string,
  after: string,
): AsyncGenerator<{ key: string; bytes: number }> {
  const entries = await readdir(join(folder, at), { withFileTypes: true }).catch((error: unknown) => {
    if (isErrno(error, "ENOENT", "ENOTDIR")) return [];
    throw error;
  });
  const present = new Set(entries.filter((entry) => entry.isFile()).map(({ name }) => name));
  const names = entries.flatMap((entry) => {
    // A folder sorts where its keys do: behind `a-b` and `a.b`, before `a0`.
    if (entry.isDirectory()) return [`${entry.name}/`];
    return present.has(entry.name) && present.has(entry.name + META_SUFFIX) ? [entry.name] : [];
  });
  for (const name of names.sort()) {
    const key = at + name;
    if (name.endsWith("/")) {
      const mayMatch = key.startsWith(prefix) || prefix.startsWith(key);
      const isBehind = key > after || after.startsWith(key);
      if (mayMatch && isBehind) yield* keysFrom(folder, key, prefix, after);
    } else if (key > after && key.startsWith(prefix)) {
      const found = await lstat(join(folder, key)).catch(() => null);
      if (found) yield { key, bytes: found.size };
    }
  }
}
