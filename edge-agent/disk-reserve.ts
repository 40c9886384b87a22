/** Recording stops before the volume is full: others on it (a database) need the rest more. It goes on by itself. */
import type { Spool } from "./spool.ts";

const DEFAULT_BYTES = 2 * 1000 ** 3;
const DEFAULT_SHARE = 0.05;
/** Not on and off at the border. */
const RESUME_FACTOR = 1.1;

export type DiskReserve = { reached(): boolean; look(): Promise<boolean> };

/** `look` answers whether the verdict changed. */
export const diskReserve = (spool: Pick<Spool, "free">, reserve_bytes: number | undefined): DiskReserve => {
  let reached = false;
  return {
    reached: () => reached,
    async look() {
      const { free, total } = await spool.free();
      const reserve = reserve_bytes ?? Math.max(DEFAULT_BYTES, total * DEFAULT_SHARE);
      const before = reached;
      reached = free < reserve * (before ? RESUME_FACTOR : 1);
      return reached !== before;
    },
  };
};
