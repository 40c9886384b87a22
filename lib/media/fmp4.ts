/** Reading and patching fragmented MP4 (ISO/IEC 14496-12), as FFmpeg and we write it: one video track, moof + mdat per fragment. */
import { AppError } from "#lib/errors.ts";

/** `offset` of the box, `body` where its content begins, `end` behind it; bytes from the beginning of what was given. */
export type Box = { type: string; offset: number; body: number; end: number };

const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Stops quietly at a box that is not whole: what a killed writer left behind ends there. */
export const boxesIn = (bytes: Uint8Array, from = 0, to = bytes.byteLength): Box[] => {
  const data = view(bytes);
  const boxes: Box[] = [];
  for (let offset = from; offset + 8 <= to;) {
    let size = data.getUint32(offset);
    let body = offset + 8;
    if (size === 1 && offset + 16 <= to) {
      size = Number(data.getBigUint64(offset + 8));
      body = offset + 16;
    }
    if (size < body - offset || offset + size > to) break;
    boxes.push({
      type: String.fromCharCode(...bytes.subarray(offset + 4, offset + 8)),
      offset,
      body,
      end: offset + size,
    });
    offset += size;
  }
  return boxes;
};

/** Follows a path of box types from `from`, the first of each. */
export const findBox = (bytes: Uint8Array, path: readonly string[], within?: Box): Box | null => {
  let [from, to] = within ? [within.body, within.end] : [0, bytes.byteLength];
  let found: Box | null = null;
  for (const type of path) {
    found = boxesIn(bytes, from, to).find((box) => box.type === type) ?? null;
    if (!found) return null;
    [from, to] = [found.body, found.end];
  }
  return found;
};

export type Init = {
  /** Bytes of ftyp + moov. */
  length: number;
  /** Ticks per second. */
  timescale: number;
  /** RFC 6381, e.g. avc1.64001f */
  codec: string;
  width: number;
  height: number;
};

/** `null` when the file does not begin with a whole ftyp + moov with one video track. */
export const readInit = (bytes: Uint8Array): Init | null => {
  const moov = boxesIn(bytes).find(({ type }) => type === "moov");
  const mdhd = findBox(bytes, ["moov", "trak", "mdia", "mdhd"]);
  const stsd = findBox(bytes, ["moov", "trak", "mdia", "minf", "stbl", "stsd"]);
  if (!moov || !mdhd || !stsd) return null;
  const data = view(bytes);
  const timescale = data.getUint32(mdhd.body + (data.getUint8(mdhd.body) === 1 ? 20 : 12));
  const entry = boxesIn(bytes, stsd.body + 8, stsd.end)[0];
  if (!entry) return null;
  // A visual sample entry has 78 bytes before its boxes.
  const inside = boxesIn(bytes, entry.body + 78, entry.end);
  const config = inside.find(({ type }) => type === "avcC" || type === "hvcC");
  const codec =
    config?.type === "avcC" ? `${entry.type}.${hex(bytes.subarray(config.body + 1, config.body + 4))}` : entry.type;
  return {
    length: moov.end,
    timescale,
    codec,
    width: data.getUint16(entry.body + 24),
    height: data.getUint16(entry.body + 26),
  };
};

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

export type FoundFragment = {
  /** Of moof + mdat, from the beginning of what was given. */
  offset: number;
  length: number;
  /** Ticks. */
  decode_time: number;
  duration: number;
  samples: number;
};

/** Whole fragments only. Boxes between them (styp, sidx, mfra) are passed over. */
export const readFragments = (bytes: Uint8Array): FoundFragment[] => {
  const boxes = boxesIn(bytes);
  return boxes.flatMap((box, index) => {
    const next = boxes[index + 1];
    if (box.type !== "moof" || next?.type !== "mdat") return [];
    const timing = fragmentTiming(bytes, box);
    return timing ? [{ offset: box.offset, length: next.end - box.offset, ...timing }] : [];
  });
};

const fragmentTiming = (
  bytes: Uint8Array,
  moof: Box,
): { decode_time: number; duration: number; samples: number } | null => {
  const traf = findBox(bytes, ["traf"], moof);
  const tfdt = traf && findBox(bytes, ["tfdt"], traf);
  const tfhd = traf && findBox(bytes, ["tfhd"], traf);
  if (!traf || !tfdt || !tfhd) return null;
  const data = view(bytes);
  const decode_time =
    data.getUint8(tfdt.body) === 1 ? Number(data.getBigUint64(tfdt.body + 4)) : data.getUint32(tfdt.body + 4);
  const fallback = defaultDuration(data, tfhd);
  let [duration, samples] = [0, 0];
  for (const trun of boxesIn(bytes, traf.body, traf.end).filter(({ type }) => type === "trun")) {
    const run = runTiming(data, trun, fallback);
    duration += run.duration;
    samples += run.samples;
  }
  return { decode_time, duration, samples };
};

const flagsOf = (data: DataView, box: Box): number => data.getUint32(box.body) & 0xffffff;

const defaultDuration = (data: DataView, tfhd: Box): number => {
  const flags = flagsOf(data, tfhd);
  if (!(flags & 0x8)) return 0;
  return data.getUint32(tfhd.body + 8 + (flags & 0x1 ? 8 : 0) + (flags & 0x2 ? 4 : 0));
};

const runTiming = (data: DataView, trun: Box, fallback: number): { duration: number; samples: number } => {
  const flags = flagsOf(data, trun);
  const samples = data.getUint32(trun.body + 4);
  if (!(flags & 0x100)) return { duration: samples * fallback, samples };
  const first = trun.body + 8 + (flags & 0x1 ? 4 : 0) + (flags & 0x4 ? 4 : 0);
  const stride = [0x100, 0x200, 0x400, 0x800].reduce((bytes, flag) => bytes + (flags & flag ? 4 : 0), 0);
  let duration = 0;
  for (let sample = 0; sample < samples; sample += 1) duration += data.getUint32(first + sample * stride);
  return { duration, samples };
};

/** Writes another decode time into a fragment, in place. Throws `internal` for what is no fragment of ours. */
export const setDecodeTime = (fragment: Uint8Array, ticks: number): void => {
  const tfdt = findBox(fragment, ["moof", "traf", "tfdt"]);
  if (!tfdt) throw new AppError("internal", "A fragment without a decode time");
  const data = view(fragment);
  if (data.getUint8(tfdt.body) === 1) data.setBigUint64(tfdt.body + 4, BigInt(Math.round(ticks)));
  else data.setUint32(tfdt.body + 4, Math.round(ticks) >>> 0);
};
