/**
 * The pictures since the last key frame, so that who joins need not wait for the next. Their bytes lie in a few large blocks that
 * are used again for the next group: with a buffer of its own for every picture, the garbage collector cost as much as all the rest.
 */

/** Half a group helps nobody: who joins one larger than this waits for the next. */
const LIMIT_BYTES = 8 * 1024 * 1024;
const BLOCK_BYTES = 256 * 1024;

export type CurrentGroup<P> = {
  /** Answers the picture as it is kept, with bytes that stay until the next group begins and `isFree` says yes. */
  keep(picture: P, isFree: () => boolean): P;
  pictures(): readonly P[];
  /** Somebody who is no longer asked still uses what was given out. */
  abandon(): void;
};

export const currentGroup = <P extends { key: boolean; avcc: Buffer }>(): CurrentGroup<P> => {
  let group: P[] = [];
  let bytes = 0;
  let memory = blocks();
  return {
    keep(picture, isFree) {
      if (picture.key) {
        [group, bytes] = [[], 0];
        if (isFree()) memory.again();
        else memory = blocks();
      }
      const isPart = picture.key || group.length > 0;
      bytes += picture.avcc.length;
      // Of no group, or of one that is too large to be kept: its bytes are its own.
      if (!isPart || bytes > LIMIT_BYTES) {
        group = [];
        return { ...picture, avcc: Buffer.from(picture.avcc) };
      }
      const kept = { ...picture, avcc: memory.copy(picture.avcc) };
      group.push(kept);
      return kept;
    },
    pictures: () => group,
    abandon: () => void (memory = blocks()),
  };
};

const blocks = () => {
  const all: Buffer[] = [];
  let [block, at] = [0, 0];
  return {
    copy(bytes: Buffer): Buffer {
      if (at + bytes.length > (all[block]?.length ?? 0)) {
        if (all.length > 0) block += 1;
        at = 0;
        if ((all[block]?.length ?? 0) < bytes.length) {
          all[block] = Buffer.allocUnsafeSlow(Math.max(BLOCK_BYTES, bytes.length));
        }
      }
      const place = all[block] ?? bytes;
      const kept = place.subarray(at, at + bytes.length);
      bytes.copy(kept);
      at += bytes.length;
      return kept;
    },
    again(): void {
      [block, at] = [0, 0];
    },
  };
};
