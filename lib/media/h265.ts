/** H.265 as we need it (ITU-T H.265): what kind of unit, and what its sequence parameter set says. */
import { bitReader, readColourSignal, withoutEmulation, type Bits, type ColourSignal } from "./bits.ts";
import type { Sps } from "./h264.ts";

/** Key frames are the types 16 to 21: BLA, IDR and CRA. */
export const HEVC = { first_key: 16, last_key: 21, last_slice: 31, vps: 32, sps: 33, pps: 34, aud: 35 } as const;
export const hevcType = (nal: Uint8Array): number => ((nal[0] ?? 0) >> 1) & 0x3f;

export type HevcSps = Pick<Sps, "width" | "height" | "chroma" | "depth"> & ColourSignal;

/** Throws `RangeError` when it ends too soon. */
export const parseHevcSps = (nal: Uint8Array): HevcSps => {
  const bits = bitReader(withoutEmulation(nal.subarray(2)));
  bits.skip(4);
  const layers = bits.read(3);
  bits.skip(1);
  skipProfile(bits, layers);
  bits.unsigned();
  const chroma = bits.unsigned();
  if (chroma === 3) bits.skip(1);
  const coded = { width: bits.unsigned(), height: bits.unsigned() };
  const crop = bits.read(1) === 1 ? Array.from({ length: 4 }, () => bits.unsigned()) : [0, 0, 0, 0];
  const [left = 0, right = 0, top = 0, bottom = 0] = crop;
  const depth = 8 + Math.max(bits.unsigned(), bits.unsigned());
  skipToUsability(bits, layers);
  return {
    width: coded.width - (left + right) * (chroma === 1 || chroma === 2 ? 2 : 1),
    height: coded.height - (top + bottom) * (chroma === 1 ? 2 : 1),
    chroma,
    depth,
    ...(bits.read(1) === 1 ? readColourSignal(bits) : { full_range: false, matrix: 2 }),
  };
};

const skipProfile = (bits: Bits, layers: number): void => {
  bits.skip(96);
  const present: [boolean, boolean][] = [];
  for (let layer = 0; layer < layers; layer += 1) present.push([bits.read(1) === 1, bits.read(1) === 1]);
  if (layers > 0) bits.skip(2 * (8 - layers));
  for (const [profile, level] of present) bits.skip((profile ? 88 : 0) + (level ? 8 : 0));
};

/** What stands between the sample depths and the VUI. */
const skipToUsability = (bits: Bits, layers: number): void => {
  const orderBits = bits.unsigned() + 4;
  const described = bits.read(1) === 1 ? layers + 1 : 1;
  for (let index = 0; index < described * 3; index += 1) bits.unsigned();
  for (let index = 0; index < 6; index += 1) bits.unsigned();
  if (bits.read(1) === 1 && bits.read(1) === 1) skipScalingLists(bits);
  bits.skip(2);
  if (bits.read(1) === 1) {
    bits.skip(8);
    bits.unsigned();
    bits.unsigned();
    bits.skip(1);
  }
  skipReferenceSets(bits);
  if (bits.read(1) === 1) {
    const count = bits.unsigned();
    for (let index = 0; index < count; index += 1) bits.skip(orderBits + 1);
  }
  bits.skip(2);
};

const skipScalingLists = (bits: Bits): void => {
  for (let size = 0; size < 4; size += 1) {
    for (let list = 0; list < 6; list += size === 3 ? 3 : 1) {
      if (bits.read(1) === 0) {
        bits.unsigned();
        continue;
      }
      if (size > 1) bits.signed();
      const coefficients = Math.min(64, 1 << (4 + (size << 1)));
      for (let index = 0; index < coefficients; index += 1) bits.signed();
    }
  }
};

/** The standard allows 64 sets of 16 pictures. */
const [MOST_SETS, MOST_PICTURES] = [64, 16];

const skipReferenceSets = (bits: Bits): void => {
  const count = bits.unsigned();
  if (count > MOST_SETS) throw new RangeError("The parameter set is no parameter set");
  const sizes: number[] = [];
  for (let set = 0; set < count; set += 1) {
    if (set > 0 && bits.read(1) === 1) sizes.push(skipPredictedSet(bits, sizes[set - 1] ?? 0));
    else {
      const [before, after] = [bits.unsigned(), bits.unsigned()];
      if (before + after > MOST_PICTURES) throw new RangeError("The parameter set is no parameter set");
      for (let index = 0; index < before + after; index += 1) {
        bits.unsigned();
        bits.skip(1);
      }
      sizes.push(before + after);
    }
  }
};

/** Answers how many pictures it has. */
const skipPredictedSet = (bits: Bits, before: number): number => {
  bits.skip(1);
  bits.unsigned();
  let used = 0;
  for (let index = 0; index <= before; index += 1) if (bits.read(1) === 1 || bits.read(1) === 1) used += 1;
  return used;
};
