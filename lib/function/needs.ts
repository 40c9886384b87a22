/** What a set of functions needs of the process that hosts it: for the start's check, secrets, bundles and manifests. */
import type { AnyFunction, Catalogue } from "./define.ts";

export const processNeeds = ["sql", "system", "objects", "cache", "keys", "sight"] as const;
export type Need = (typeof processNeeds)[number];

export const needsOfFunction = (definition: AnyFunction): Set<Need> => {
  const needs = new Set<Need>();
  const connection: Need = definition.role === "gt_system" ? "system" : "sql";
  for (const name of definition.needs) {
    if (name === "objects" || name === "cache" || name === "keys") needs.add(name);
    if (name === "vision" || name === "pictures") needs.add("sight");
    if (name === "sql" || name === "outbox" || name === "transaction") needs.add(connection);
  }
  if (definition.audited) needs.add(connection);
  if ("http" in definition) {
    const { access, rate } = definition.http;
    if (access !== "anyone") needs.add("system");
    if (access === "session" || typeof access === "object") {
      needs.add("keys");
      // A refusal leaves a row in the audit trail.
      needs.add(connection);
    }
    if (rate) needs.add("cache");
  }
  return needs;
};

export const needsOf = (catalogue: Catalogue): Set<Need> =>
  new Set(functionsOf(catalogue).flatMap(({ definition }) => [...needsOfFunction(definition)]));

export const functionsOf = (catalogue: Catalogue): { context: string; definition: AnyFunction }[] =>
  Object.entries(catalogue).flatMap(([context, functions]) =>
    Object.values(functions).map((definition) => ({ context, definition })),
  );
