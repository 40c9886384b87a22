/** Opaque, signed list cursors: a position that only continues the list it came from. */
import { AppError } from "#lib/errors.ts";
import type { Keys } from "#lib/secrets/keys.ts";

/** What a keyset list continues after: the values of its sort columns, as text. */
export type Position = readonly string[];

/** `list` names the list and `filters` everything that decides its order and content: another list refuses the cursor. */
export const encodeCursor = async (keys: Keys, list: string, filters: unknown, position: Position): Promise<string> => {
  const { key_id, mac } = await keys.mac("cursors", textOf(list, filters, position));
  return Buffer.from(JSON.stringify([position, key_id, mac])).toString("base64url");
};

/** Throws `malformed` for what this list did not give. */
export const decodeCursor = async (
  keys: Keys,
  list: string,
  filters: unknown,
  cursor: string | undefined,
): Promise<Position | null> => {
  if (cursor === undefined) return null;
  const parts = parse(cursor);
  if (parts) {
    const [position, key_id, mac] = parts;
    if (await keys.checkMac("cursors", textOf(list, filters, position), { key_id, mac })) return position;
  }
  throw new AppError("malformed", "The cursor does not belong to this list", {
    reason: "cursor.foreign",
    errors: [{ path: "cursor", code: "foreign" }],
  });
};

/** Answers a page of at most `limit` from `limit + 1` rows. */
export const pageOf = async <R, I>(
  keys: Keys,
  list: { name: string; filters: unknown; limit: number },
  rows: readonly R[],
  positionOf: (row: R) => Position,
  itemOf: (row: R) => I,
): Promise<{ items: I[]; next_cursor: string | null }> => {
  const shown = rows.slice(0, list.limit);
  const last = shown.at(-1);
  const more = rows.length > list.limit && last !== undefined;
  const next_cursor = more ? await encodeCursor(keys, list.name, list.filters, positionOf(last)) : null;
  return { items: shown.map(itemOf), next_cursor };
};

const textOf = (list: string, filters: unknown, position: Position): string =>
  JSON.stringify([list, filters, position]);

const parse = (cursor: string): [string[], string, string] | null => {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString());
    if (!Array.isArray(value) || value.length !== 3) return null;
    const [position, key_id, mac] = value as unknown[];
    const texts = Array.isArray(position) && position.every((part) => typeof part === "string");
    return texts && typeof key_id === "string" && typeof mac === "string" ? [position as string[], key_id, mac] : null;
  } catch {
    return null;
  }
};
