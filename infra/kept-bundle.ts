/** Files that take seconds to make and follow from others: made again when one of those has changed, and only then. */
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { deserialize, serialize } from "node:v8";

export type Bundle = {
  /** Absolute names of what it was made from. */
  inputs: readonly string[];
  /** By name below the folder that they are written to. */
  files: ReadonlyMap<string, Uint8Array>;
};

type Kept = { bundle: Bundle; states: string[] };

/** `file`: where the bundle is kept. It is replaced whole, so that programs which start together need not wait for each other. */
export const keptBundle = async (file: string, make: () => Promise<Bundle>): Promise<Bundle> => {
  const kept = readKept(file);
  if (kept && kept.bundle.inputs.every((input, index) => stateOf(input) === kept.states[index])) return kept.bundle;
  const bundle = await make();
  keep(file, { bundle, states: bundle.inputs.map(stateOf) });
  return bundle;
};

const readKept = (file: string): Kept | null => {
  try {
    return deserialize(readFileSync(file)) as Kept;
  } catch {
    return null;
  }
};

const stateOf = (input: string): string => {
  const stats = statSync(input, { throwIfNoEntry: false });
  return stats ? `${stats.mtimeMs} ${stats.size}` : "gone";
};

/** A checkout that may not be written to, or a full disk, makes it each time. */
const keep = (file: string, kept: Kept): void => {
  const part = `${file}.${process.pid}`;
  try {
    mkdirSync(dirname(file), { recursive: true });
  } catch {
    return;
  }
  try {
    writeFileSync(part, serialize(kept));
    renameSync(part, file);
  } catch {
    rmSync(part, { force: true });
  }
};
