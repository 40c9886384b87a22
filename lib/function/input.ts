/** Path, query and body → one strict input. A name that comes from two places is refused. */
import type * as z from "zod";
import { AppError, type FieldError } from "#lib/errors.ts";
import { isStorable } from "./json.ts";

type Convert = (texts: readonly string[]) => unknown;
/** How each name of a schema is read from texts; made once per function. */
export type TextReaders = ReadonlyMap<string, Convert>;

/**
 * Query strings become numbers, booleans and lists by the schema's kind. (`z.coerce` would type the input `unknown` and
 * read `"false"` as true.) What does not fit stays a text and is refused by the schema, with its path.
 */
export const textReaders = (schema: z.ZodObject): TextReaders =>
  new Map(Object.entries(schema.shape).map(([name, part]) => [name, converter(part as z.ZodType)]));

const converter = (schema: z.ZodType): Convert => {
  const inner = unwrap(schema);
  if (inner.type === "array") {
    const item = converter((inner as unknown as { element: z.ZodType }).element);
    return (texts) => texts.map((text) => item([text]));
  }
  const one = scalar(inner);
  return (texts) => {
    if (texts.length > 1) return texts;
    return one(texts[0] ?? "");
  };
};

const scalar = (schema: z.ZodType): ((text: string) => unknown) => {
  const options = schema.type === "union" ? (schema as unknown as { options: readonly z.ZodType[] }).options : [schema];
  const kinds = new Set(options.map((option) => kindOf(unwrap(option))));
  return (text) => {
    if (kinds.has("number") && /^-?\d{1,16}(\.\d{1,16})?$/.test(text)) return Number(text);
    if (kinds.has("boolean") && (text === "true" || text === "false")) return text === "true";
    return text;
  };
};

const kindOf = (schema: z.ZodType): string => {
  if (schema.type === "int") return "number";
  if (schema.type !== "literal") return schema.type;
  return typeof [...(schema as unknown as { values: Set<unknown> }).values][0];
};

const wrappers = new Set(["optional", "nullable", "default", "prefault", "readonly", "nonoptional", "catch"]);
const unwrap = (schema: z.ZodType): z.ZodType => {
  const def = schema.def as unknown as { innerType?: z.ZodType; in?: z.ZodType };
  if (wrappers.has(schema.type) && def.innerType) return unwrap(def.innerType);
  if (schema.type === "pipe" && def.in) return unwrap(def.in);
  return schema;
};

/** Unknown names must be refused, never dropped: a misspelt filter would list everything. */
export const isStrict = (schema: z.ZodObject): boolean =>
  (schema.def.catchall as z.ZodType | undefined)?.type === "never";

export type Sources = {
  path: Record<string, string>;
  /** Without its question mark. */
  query: string;
  /** A JSON object, or nothing. */
  body?: unknown;
};

export const readInput = <T extends z.ZodObject>(schema: T, readers: TextReaders, from: Sources): z.output<T> => {
  const raw: Record<string, unknown> = {};
  for (const name in from.path) put(raw, name, fromText(readers, name, [from.path[name] ?? ""]));
  for (const [name, texts] of parseQuery(from.query)) put(raw, name, fromText(readers, name, texts));
  if (from.body !== undefined) {
    if (typeof from.body !== "object" || from.body === null || Array.isArray(from.body)) {
      throw new AppError("malformed", "The body is not a JSON object", { reason: "json.object" });
    }
    for (const [name, value] of Object.entries(from.body)) put(raw, name, value);
  }
  const read = schema.safeParse(raw);
  if (read.success) return read.data;
  throw new AppError("malformed", "The request has the wrong form", { errors: fieldErrors(read.error, raw) });
};

const fromText = (readers: TextReaders, name: string, texts: readonly string[]): unknown =>
  readers.get(name)?.(texts) ?? texts[0];

const put = (raw: Record<string, unknown>, name: string, value: unknown): void => {
  if (Object.hasOwn(raw, name)) {
    throw new AppError("malformed", "A name is given twice", { errors: [{ path: name, code: "duplicate" }] });
  }
  Object.defineProperty(raw, name, { value, enumerable: true, configurable: true, writable: true });
};

const parseQuery = (query: string): Map<string, string[]> => {
  const names = new Map<string, string[]>();
  for (const pair of query === "" ? [] : query.split("&")) {
    if (pair === "") continue;
    const cut = pair.indexOf("=");
    const name = decode(cut < 0 ? pair : pair.slice(0, cut));
    const value = cut < 0 ? "" : decode(pair.slice(cut + 1));
    const texts = names.get(name);
    if (texts) texts.push(value);
    else names.set(name, [value]);
  }
  return names;
};

const decode = (text: string): string => {
  try {
    const decoded = decodeURIComponent(text.replaceAll("+", " "));
    if (isStorable(decoded)) return decoded;
  } catch {
    // Falls through to the same refusal.
  }
  throw new AppError("malformed", "The address has a character that cannot be read", { reason: "url.encoding" });
};

/** `code` is zod's own, but for the two that people ask for: `required` and `unknown_field`. */
export const fieldErrors = (error: z.ZodError, input: unknown): FieldError[] =>
  error.issues.slice(0, 50).flatMap((issue) => {
    const path = issue.path.map(String);
    if (issue.code === "unrecognized_keys") {
      return issue.keys
        .slice(0, 20)
        .map((key) => ({ path: [...path, key.slice(0, 60)].join("."), code: "unknown_field" }));
    }
    const missing = absent.has(issue.code) && valueAt(input, issue.path) === undefined;
    return [{ path: path.join("."), code: missing ? "required" : issue.code }];
  });

const absent = new Set(["invalid_type", "invalid_value", "invalid_union"]);

const valueAt = (input: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (value, key) =>
      typeof value === "object" && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined,
    input,
  );
