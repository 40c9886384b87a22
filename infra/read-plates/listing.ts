/** What lies in the files and folders that were named: each once, whatever links lead to it. */
import { isUtf8 } from "node:buffer";
import { readdirSync, realpathSync, statSync, type Stats } from "node:fs";
import { AppError } from "#lib/errors.ts";

export type Entry =
  /** `named` by whom it is for; the others were found in a folder. */
  | { kind: "file"; path: string; named: boolean }
  | { kind: "fault"; path: string; error: AppError }
  /** A link, or a second name on the command line. */
  | { kind: "again"; path: string; first: string };

/** Real path → where it was met first. Of one run. */
export type Seen = Map<string, string>;

/** Never throws. Folders are read when their turn comes, in the order in which people number files. */
export function* entriesOf(path: string, seen: Seen, named = true): Generator<Entry> {
  const found = lookUp(path);
  if (found instanceof AppError) return yield { kind: "fault", path, error: found };
  const first = seen.get(found.real);
  if (first !== undefined) return yield { kind: "again", path, first };
  if (found.about.isFile()) {
    seen.set(found.real, path);
    yield { kind: "file", path, named };
  } else if (found.about.isDirectory()) {
    seen.set(found.real, path);
    yield* entriesIn(path, seen);
  } else if (named) yield { kind: "fault", path, error: special() };
}

function* entriesIn(folder: string, seen: Seen): Generator<Entry> {
  let names: Buffer[];
  try {
    names = readdirSync(folder, { encoding: "buffer" });
  } catch (error) {
    return yield { kind: "fault", path: folder, error: unreadable(error) };
  }
  const entries = names.map((name) => ({ name: readable(name), whole: isUtf8(name) }));
  for (const { name, whole } of entries.toSorted((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }))) {
    const path = folder.endsWith("/") ? `${folder}${name}` : `${folder}/${name}`;
    if (whole) yield* entriesOf(path, seen, false);
    else yield { kind: "fault", path, error: unnamed() };
  }
}

const lookUp = (path: string): { about: Stats; real: string } | AppError => {
  try {
    return { about: statSync(path), real: realpathSync(path) };
  } catch (error) {
    return unreadable(error);
  }
};

/** Bytes that are no text are shown as their numbers: no guess at the alphabet, and who renames it finds it. */
const readable = (name: Buffer): string =>
  isUtf8(name)
    ? name.toString()
    : name
        .toString("latin1")
        .replaceAll(/[^\x20-\x7e]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, "0")}`);

const refused = (message: string, reason: string, cause?: unknown): AppError =>
  new AppError("invalid", message, { reason, ...(cause === undefined ? {} : { cause }) });

const special = (): AppError =>
  refused("Neither a file nor a folder, but a pipe, a socket or a device", "file.special");
const unnamed = (): AppError => refused("Its name is not UTF-8: give it another one", "file.name");

/** What the system said about opening or reading it, for people. */
export const unreadable = (error: unknown): AppError => {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "ENOENT" || code === "ENOTDIR") return refused("There is no such file", "file.missing", error);
  if (code === "EACCES" || code === "EPERM") return refused("It may not be read", "file.forbidden", error);
  if (code === "ELOOP") return refused("A link that leads to itself", "file.missing", error);
  return refused(`It cannot be read (${code || String(error)})`, "file.unreadable", error);
};
