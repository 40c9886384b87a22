/** The environment, read once per process and handed down. */
import type * as z from "zod";

/** Throws an Error that names what is missing or malformed. Values are never printed: some are secrets. */
export const readEnvironment = <T extends z.ZodObject>(
  schema: T,
  source: Record<string, string | undefined> = process.env,
): z.output<T> => {
  // An empty variable is how compose files and manifests say "not given".
  const given = Object.fromEntries(
    Object.keys(schema.shape).flatMap((name) => (source[name] ? [[name, source[name]]] : [])),
  );
  const read = schema.safeParse(given);
  if (read.success) return read.data;
  const names = [...new Set(read.error.issues.map(({ path }) => String(path[0])))];
  const faults = names.map((name) => `${name} is ${given[name] === undefined ? "missing" : "malformed"}`);
  throw new Error(`Environment: ${faults.join(", ")}`);
};
