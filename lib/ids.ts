/** UUIDv7: made by us, sortable by time, the day of a partition can be read from it. */

/** Ids of one millisecond ascend within a process, so that what is written together keeps its order. */
const last = { ms: -1, counter: 0 };

export const uuidv7 = (now: Date | number = Date.now()): string => {
  const ms = typeof now === "number" ? Math.floor(now) : now.getTime();
  const random = crypto.randomUUID();
  // A fresh millisecond begins in the lower half: there is room for 2048 more before a counter would wrap.
  last.counter = ms === last.ms ? (last.counter + 1) & 0xfff : Number.parseInt(random.slice(0, 3), 16) >> 1;
  last.ms = ms;
  const time = ms.toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${last.counter.toString(16).padStart(3, "0")}-${random.slice(19)}`;
};

export const timeOf = (uuid: string): Date => new Date(Number.parseInt(uuid.slice(0, 8) + uuid.slice(9, 13), 16));

/** UTC day inside a UUIDv7, e.g. `2026-11-24`: which partition its row is in, however late it arrives. */
export const dayOf = (uuid: string): string => timeOf(uuid).toISOString().slice(0, 10);
