/** JSON as strangers send it: what `JSON.parse` forgives is refused here. */
import { AppError } from "#lib/errors.ts";

export const JSON_DEPTH_LIMIT = 32;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Throws `malformed`: no UTF-8, no JSON, equal names, `__proto__`, deeper than 32, NUL or half a character in a text. */
export const parseStrictJson = (bytes: Uint8Array): unknown => {
  const text = decodeUtf8(bytes);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new AppError("malformed", "The body is not JSON", { reason: "json.syntax" });
  }
  checkNames(text);
  // Only an escape can bring in what UTF-8 itself cannot say.
  if (text.includes("\\u")) checkTexts(value);
  return value;
};

export const decodeUtf8 = (bytes: Uint8Array): string => {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new AppError("malformed", "The body is not UTF-8", { reason: "json.encoding" });
  }
};

/** PostgreSQL stores no NUL, and half a surrogate pair would be stored as another character than was sent. */
export const isStorable = (text: string): boolean => !text.includes("\0") && text.isWellFormed();

/** `text` is valid JSON already, so only structure is looked at. */
const checkNames = (text: string): void => {
  const open: (Set<string> | null)[] = [];
  let nameNext = false;
  for (let index = 0; index < text.length; index += 1) {
    const char = text.charCodeAt(index);
    if (char === QUOTE) {
      const end = endOfString(text, index);
      if (nameNext) addName(open.at(-1), text.slice(index, end + 1));
      nameNext = false;
      index = end;
    } else if (char === OPEN_BRACE || char === OPEN_BRACKET) {
      nameNext = char === OPEN_BRACE;
      open.push(nameNext ? new Set() : null);
      if (open.length > JSON_DEPTH_LIMIT)
        throw new AppError("malformed", "The JSON is too deep", { reason: "json.depth" });
    } else if (char === CLOSE_BRACE || char === CLOSE_BRACKET) {
      open.pop();
      nameNext = false;
    } else if (char === COMMA) {
      nameNext = open.at(-1) instanceof Set;
    }
  }
};
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const COMMA = 0x2c;

const endOfString = (text: string, start: number): number => {
  let index = start + 1;
  for (let char = text.charCodeAt(index); char !== QUOTE; char = text.charCodeAt(index)) {
    index += char === BACKSLASH ? 2 : 1;
  }
  return index;
};

const addName = (names: Set<string> | null | undefined, quoted: string): void => {
  const name = quoted.includes("\\") ? (JSON.parse(quoted) as string) : quoted.slice(1, -1);
  if (name === "__proto__") throw new AppError("malformed", "A name is not allowed", { reason: "json.name" });
  if (names?.has(name)) throw new AppError("malformed", "A name stands twice", { reason: "json.duplicate_name" });
  names?.add(name);
};

const checkTexts = (value: unknown): void => {
  if (typeof value === "string") {
    if (!isStorable(value))
      throw new AppError("malformed", "A text has a character that cannot be stored", { reason: "json.text" });
  } else if (Array.isArray(value)) {
    for (const item of value) checkTexts(item);
  } else if (typeof value === "object" && value !== null) {
    for (const [name, item] of Object.entries(value)) {
      checkTexts(name);
      checkTexts(item);
    }
  }
};
