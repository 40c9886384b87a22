/** Which schema is exported under which name: found by identity, so that nothing is typed twice. */
import type * as z from "zod";
import type { AnyFunction, Catalogue, HttpFunction } from "../define.ts";

/** context (or `lists`, what all share) → where its schemas are exported, and what is */
export type Contracts = Record<string, { from: string; exports: Record<string, unknown> }>;
export type HttpEntry = { context: string; definition: HttpFunction };

export const isSchema = (value: unknown): value is z.ZodType =>
  typeof value === "object" && value !== null && "_zod" in value;

/** In its own contract, or in what all share. */
export const exportedName = (
  contracts: Contracts,
  context: string,
  schema: z.ZodType,
): { module: string; name: string } | undefined => {
  for (const module of [context, SHARED]) {
    const found = Object.entries(contracts[module]?.exports ?? {}).find(([, value]) => value === schema);
    if (found) return { module, name: found[0] };
  }
  return undefined;
};
export const SHARED = "lists";

/** In the order of their paths, which is the order people look for them. */
export const httpEntries = (catalogue: Catalogue): HttpEntry[] =>
  entriesOf(catalogue)
    .flatMap(({ context, definition }) => ("http" in definition ? [{ context, definition }] : []))
    .toSorted(
      (a, b) =>
        compare(a.definition.http.path, b.definition.http.path) ||
        compare(a.definition.http.method, b.definition.http.method),
    );

export const entriesOf = (catalogue: Catalogue): { context: string; definition: AnyFunction }[] =>
  Object.entries(catalogue).flatMap(([context, functions]) =>
    Object.values(functions).map((definition) => ({ context, definition })),
  );

export const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

export const camel = (kebab: string): string =>
  kebab.replaceAll(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
export const pascal = (kebab: string): string => camel(`-${kebab}`);

export const pathNames = (path: string): string[] => [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? "");

/** Refused twice over: two names for one route, or a route that shadows another. */
export const checkRoutes = (entries: readonly HttpEntry[]): void => {
  const seen = new Map<string, string>();
  for (const { definition } of entries) {
    const { method, path } = definition.http;
    const key = `${method} ${path.replaceAll(/\{\w+\}/g, "{}")}`;
    const other = seen.get(key);
    if (other) throw new Error(`${definition.name} and ${other} have the same route ${key}`);
    seen.set(key, definition.name);
  }
};
