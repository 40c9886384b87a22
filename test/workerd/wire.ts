/** JSON that also carries times and bytes. */
export type Asked = { port: "objects" | "cache"; method: string; args: unknown[] };

export const toWire = (value: unknown): string => JSON.stringify(marked(value)) ?? "null";
export const fromWire = (text: string): unknown => unmarked(JSON.parse(text));

const marked = (value: unknown): unknown => {
  if (value instanceof Date) return { $time: value.toISOString() };
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString("base64") };
  if (Array.isArray(value)) return value.map(marked);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, marked(part)]));
};

const unmarked = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(unmarked);
  if (typeof value !== "object" || value === null) return value;
  if ("$time" in value) return new Date(String(value.$time));
  if ("$bytes" in value) return new Uint8Array(Buffer.from(String(value.$bytes), "base64"));
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, unmarked(part)]));
};
