/** H.264 as we need it (ITU-T H.264, RFC 6381): what kind of unit, and what its sequence parameter set says. */
import { bitReader, readColourSignal, withoutEmulation, type Bits, type ColourSignal } from "./bits.ts";

export const NAL = { slice: 1, idr: 5, sei: 6, sps: 7, pps: 8 } as const;
export const nalType = (nal: Uint8Array): number => (nal[0] ?? 0) & 0x1f;

export type Sps = {
  width: number;
  height: number;
  /** RFC 6381, e.g. avc1.64001f */
  codec: string;
  /** Of the timing information; null when there is none. */
  fps: number | null;
  /** 0: grey, 1: 4:2:0, 2: 4:2:2, 3: 4:4:4. */
  chroma: number;
  /** Bits of a sample. */
  depth: number;
  /** Pictures may be made of two fields, taken one after the other. */
  fields: boolean;
} & ColourSignal;

const START_CODE = new Uint8Array([0, 0, 0, 1]);

/** One access unit as a decoder reads it from a file. */
export const toAnnexB = (nals: readonly Uint8Array[]): Buffer =>
  Buffer.concat(nals.flatMap((nal) => [START_CODE, nal]));

/** Start codes of three and of four bytes. */
export const splitAnnexB = (bytes: Uint8Array): Uint8Array[] => {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const nals: Uint8Array[] = [];
  const code = Buffer.from([0, 0, 1]);
  let at = data.indexOf(code);
  while (at >= 0) {
    const begin = at + 3;
    const next = data.indexOf(code, begin);
    let end = next < 0 ? data.length : next;
    while (end > begin && data[end - 1] === 0) end -= 1;
    if (end > begin) nals.push(data.subarray(begin, end));
    at = next;
  }
  return nals;
};

/** Throws `RangeError` when it ends too soon. */
export const parseSps = (nal: Uint8Array): Sps => {
  const bits = bitReader(withoutEmulation(nal.subarray(1)));
  const profile = bits.read(8);
  const constraints = bits.read(8);
  const level = bits.read(8);
  bits.unsigned();
  let [chroma, depth] = [1, 8];
  if (withChroma.has(profile)) {
    chroma = bits.unsigned();
    if (chroma === 3) bits.read(1);
    depth = 8 + Math.max(bits.unsigned(), bits.unsigned());
    bits.read(1);
    if (bits.read(1) === 1) skipScalingLists(bits, chroma === 3 ? 12 : 8);
  }
  bits.unsigned();
  skipOrderCount(bits);
  bits.unsigned();
  bits.read(1);
  const widthInBlocks = bits.unsigned() + 1;
  const heightInMaps = bits.unsigned() + 1;
  const framesOnly = bits.read(1);
  if (framesOnly === 0) bits.read(1);
  bits.read(1);
  const crop = bits.read(1) === 1 ? Array.from({ length: 4 }, () => bits.unsigned()) : [0, 0, 0, 0];
  const [left = 0, right = 0, top = 0, bottom = 0] = crop;
  const cropX = chroma === 0 || chroma === 3 ? 1 : 2;
  const cropY = (chroma === 1 ? 2 : 1) * (2 - framesOnly);
  const hex = [profile, constraints, level].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return {
    width: widthInBlocks * 16 - (left + right) * cropX,
    height: heightInMaps * 16 * (2 - framesOnly) - (top + bottom) * cropY,
    codec: `avc1.${hex}`,
    chroma,
    depth,
    fields: framesOnly === 0,
    ...(bits.read(1) === 1 ? readUsability(bits) : { fps: null, full_range: false, matrix: 2 }),
  };
};

const withChroma = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);

const skipScalingLists = (bits: Bits, lists: number): void => {
  for (let list = 0; list < lists; list += 1) {
    if (bits.read(1) === 0) continue;
    let [last, next] = [8, 8];
    for (let index = 0; index < (list < 6 ? 16 : 64); index += 1) {
      if (next !== 0) next = (last + bits.signed() + 256) % 256;
      if (next !== 0) last = next;
    }
  }
};

const skipOrderCount = (bits: Bits): void => {
  const type = bits.unsigned();
  if (type === 0) bits.unsigned();
  if (type !== 1) return;
  bits.read(1);
  bits.signed();
  bits.signed();
  const count = bits.unsigned();
  for (let index = 0; index < count && index < 256; index += 1) bits.signed();
};

/** The beginning of the VUI. */
const readUsability = (bits: Bits): Pick<Sps, "fps"> & ColourSignal => {
  const signal = readColourSignal(bits);
  if (bits.read(1) === 0) return { ...signal, fps: null };
  const ticks = bits.read(32);
  const scale = bits.read(32);
  return { ...signal, fps: ticks > 0 ? scale / (2 * ticks) : null };
};
