/** What is known of a key frame before anybody decodes it: what is no key frame costs no decoder. */
import { AppError } from "#lib/errors.ts";
import { NAL, nalType, parseSps, splitAnnexB, toAnnexB } from "#lib/media/h264.ts";
import { HEVC, hevcType, parseHevcSps, type HevcSps } from "#lib/media/h265.ts";

export type Codec = "h264" | "h265";

export type AccessUnit = {
  codec: Codec;
  /** Annex B: parameter sets and slices of one picture, nothing else. */
  bytes: Buffer;
  width: number;
  height: number;
  full_range: boolean;
  matrix: "bt601" | "bt709";
  grey: boolean;
  /** 8 bits and 4:2:0: the decoder's samples are ours. What is not is converted by FFmpeg. */
  plain: boolean;
  fields: boolean;
};

/** 33 million pixels are 8K; a parameter set of ten bytes may ask for more memory than the machine has. */
const MOST_PIXELS = 36_000_000;
/** Below this nothing can be seen, and the decoder's own marker is this small. */
const LEAST_SIDE = 32;
const ITU_T_709 = 1;
const NOT_SAID = 2;

/** Throws `invalid` with the reason. */
export const accessUnitOf = (codec: Codec, bytes: Uint8Array): AccessUnit => {
  const nals = splitAnnexB(bytes);
  if (nals.length === 0) throw refusal("picture.no_video", `This is no ${codec}`);
  try {
    return codec === "h264" ? h264Unit(nals) : h265Unit(nals);
  } catch (error) {
    if (error instanceof RangeError)
      throw refusal("picture.no_parameter_sets", "The parameter sets of the key frame cannot be read");
    throw error;
  }
};

export const refusal = (reason: string, message: string): AppError => new AppError("invalid", message, { reason });

const h264Unit = (nals: readonly Uint8Array[]): AccessUnit => {
  const sets = nals.filter((nal) => nalType(nal) === NAL.sps || nalType(nal) === NAL.pps);
  const sps = sets.findLast((nal) => nalType(nal) === NAL.sps);
  if (!sps || !sets.some((nal) => nalType(nal) === NAL.pps)) throw withoutSets();
  const found = parseSps(sps);
  const slices = nals.filter((nal) => nalType(nal) === NAL.idr || (found.fields && nalType(nal) === NAL.slice));
  // `first_mb_in_slice` is 0, written as the one bit 1: a new picture, or the second field of this one.
  const begins = (nal: Uint8Array): boolean => ((nal[1] ?? 0) & 0x80) !== 0;
  const picture = onePicture(slices, begins, found.fields ? 2 : 1);
  if (picture.length === 0) throw withoutPicture();
  return { ...shapeOf(found), codec: "h264", fields: found.fields, bytes: toAnnexB([...sets, ...picture]) };
};

const h265Unit = (nals: readonly Uint8Array[]): AccessUnit => {
  const types = [HEVC.vps, HEVC.sps, HEVC.pps] as const;
  // Layers above the first are for scalable video and for two eyes.
  const first = nals.filter((nal) => nal.length > 2 && ((nal[0] ?? 0) & 1) === 0 && (nal[1] ?? 0) >> 3 === 0);
  const sets = first.filter((nal) => types.some((type) => hevcType(nal) === type));
  const sps = sets.findLast((nal) => hevcType(nal) === HEVC.sps);
  if (!sps || !types.every((type) => sets.some((nal) => hevcType(nal) === type))) throw withoutSets();
  const slices = first
    .filter((nal) => hevcType(nal) >= HEVC.first_key && hevcType(nal) <= HEVC.last_key)
    .map(asFirstOfItsSequence);
  const picture = onePicture(slices, (nal) => ((nal[2] ?? 0) & 0x80) !== 0, 1);
  if (picture.length === 0) throw withoutPicture();
  return { ...shapeOf(parseHevcSps(sps)), codec: "h265", fields: false, bytes: toAnnexB([...sets, ...picture]) };
};

/** A CRA picture may lean on what was shown before it, of which there is nothing here; a BLA picture is the same without that. */
const asFirstOfItsSequence = (nal: Uint8Array): Uint8Array => {
  const [CRA, BLA] = [21, 18];
  if (hevcType(nal) !== CRA) return nal;
  const copy = Buffer.from(nal);
  copy[0] = BLA << 1;
  return copy;
};

/** From the first slice that begins a picture to the one that begins another. */
const onePicture = (
  slices: readonly Uint8Array[],
  begins: (nal: Uint8Array) => boolean,
  parts: number,
): Uint8Array[] => {
  const kept: Uint8Array[] = [];
  let begun = 0;
  for (const slice of slices) {
    if (begins(slice)) begun += 1;
    if (begun > parts) break;
    if (begun > 0) kept.push(slice);
  }
  return kept;
};

type Described = HevcSps;

const shapeOf = ({ width, height, chroma, depth, full_range, matrix }: Described) => {
  if (width * height > MOST_PIXELS) throw refusal("picture.too_large", `${width} × ${height} is too large`);
  if (width < LEAST_SIDE || height < LEAST_SIDE)
    throw refusal("picture.too_small", `${width} × ${height} is too small`);
  return {
    width,
    height,
    full_range,
    matrix: matrixOf(matrix, height),
    grey: chroma === 0,
    plain: chroma === 1 && depth === 8,
  };
};

/** Where the stream does not say, cameras of more than standard resolution mean BT.709. */
const matrixOf = (matrix: number, height: number): AccessUnit["matrix"] =>
  matrix === ITU_T_709 || (matrix === NOT_SAID && height > 576) ? "bt709" : "bt601";

const withoutSets = (): AppError =>
  refusal("picture.no_parameter_sets", "The key frame came without its parameter sets and cannot be decoded alone");
const withoutPicture = (): AppError => refusal("picture.no_key_frame", "There is no key frame in what came");
