/** Bits of a parameter set, as H.264 and H.265 write them. */

export type Bits = { read(count: number): number; skip(count: number): void; unsigned(): number; signed(): number };

/** Throws `RangeError` where the bytes end too soon, and for numbers that no parameter set has. */
export const bitReader = (bytes: Uint8Array): Bits => {
  let at = 0;
  const bit = (): number => {
    const byte = bytes[at >> 3];
    if (byte === undefined) throw new RangeError("The parameter set ends too soon");
    const value = (byte >> (7 - (at & 7))) & 1;
    at += 1;
    return value;
  };
  const read = (count: number): number => {
    let value = 0;
    for (let index = 0; index < count; index += 1) value = value * 2 + bit();
    return value;
  };
  /** Exp-Golomb. */
  const unsigned = (): number => {
    let zeros = 0;
    while (bit() === 0) {
      zeros += 1;
      if (zeros > 31) throw new RangeError("The parameter set is no parameter set");
    }
    return 2 ** zeros - 1 + read(zeros);
  };
  const signed = (): number => {
    const code = unsigned();
    return code % 2 === 0 ? -code / 2 : (code + 1) / 2;
  };
  const skip = (count: number): void => void read(count);
  return { read, skip, unsigned, signed };
};

/** 00 00 03 stands for 00 00. */
export const withoutEmulation = (bytes: Uint8Array): Uint8Array => {
  const kept: number[] = [];
  for (const [index, byte] of bytes.entries()) {
    if (byte === 3 && bytes[index - 1] === 0 && bytes[index - 2] === 0 && index >= 2) continue;
    kept.push(byte);
  }
  return Uint8Array.from(kept);
};

/** How the numbers of a picture become colours. `matrix` 2: not said (ITU-T H.273). */
export type ColourSignal = { full_range: boolean; matrix: number };

/** The beginning of a VUI, which both codecs write alike: up to where the chroma samples lie. */
export const readColourSignal = (bits: Bits): ColourSignal => {
  const extendedRatio = 255;
  if (bits.read(1) === 1 && bits.read(8) === extendedRatio) bits.skip(32);
  if (bits.read(1) === 1) bits.skip(1);
  const signal: ColourSignal = { full_range: false, matrix: 2 };
  if (bits.read(1) === 1) {
    bits.skip(3);
    signal.full_range = bits.read(1) === 1;
    if (bits.read(1) === 1) {
      bits.skip(16);
      signal.matrix = bits.read(8);
    }
  }
  if (bits.read(1) === 1) {
    bits.unsigned();
    bits.unsigned();
  }
  return signal;
};
