/** Writing fragmented MP4 for players (ISO/IEC 14496-12, -15): one H.264 track, one picture a fragment. */

const box = (type: string, ...parts: readonly Uint8Array[]): Buffer => {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(
    parts.reduce((sum, part) => sum + part.length, 8),
    0,
  );
  head.write(type, 4, "latin1");
  return Buffer.concat([head, ...parts]);
};

/** Numbers as big-endian bytes: `u32(1, 2)`. */
const u32 = (...values: number[]): Buffer => {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value >>> 0, index * 4);
  return bytes;
};
const u16 = (...values: number[]): Buffer => {
  const bytes = Buffer.alloc(values.length * 2);
  for (const [index, value] of values.entries()) bytes.writeUInt16BE(value & 0xffff, index * 2);
  return bytes;
};
const full = (version: number, flags: number): Buffer => u32((version << 24) | flags);
const IDENTITY = u32(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000);

export type Track = { sps: Uint8Array; pps: Uint8Array; width: number; height: number; timescale: number };

/** ftyp + moov. */
export const writeInit = (track: Track): Buffer => {
  const { width, height, timescale } = track;
  const mvhd = box(
    "mvhd",
    full(0, 0),
    u32(0, 0, timescale, 0, 0x10000),
    u16(0x100, 0),
    u32(0, 0),
    IDENTITY,
    Buffer.alloc(24),
    u32(2),
  );
  const tkhd = box(
    "tkhd",
    full(0, 3),
    u32(0, 0, 1, 0, 0, 0, 0),
    u16(0, 0, 0, 0),
    IDENTITY,
    u32(width << 16, height << 16),
  );
  const mdhd = box("mdhd", full(0, 0), u32(0, 0, timescale, 0), u16(0x55c4, 0));
  const hdlr = box("hdlr", full(0, 0), u32(0), Buffer.from("vide"), Buffer.alloc(12), Buffer.from("video\0"));
  const dinf = box("dinf", box("dref", full(0, 0), u32(1), box("url ", full(0, 1))));
  const stbl = box(
    "stbl",
    box("stsd", full(0, 0), u32(1), sampleEntry(track)),
    box("stts", full(0, 0), u32(0)),
    box("stsc", full(0, 0), u32(0)),
    box("stsz", full(0, 0), u32(0, 0)),
    box("stco", full(0, 0), u32(0)),
  );
  const minf = box("minf", box("vmhd", full(0, 1), u16(0, 0, 0, 0)), dinf, stbl);
  const moov = box(
    "moov",
    mvhd,
    box("trak", tkhd, box("mdia", mdhd, hdlr, minf)),
    box("mvex", box("trex", full(0, 0), u32(1, 1, 0, 0, 0))),
  );
  return Buffer.concat([box("ftyp", Buffer.from("iso5"), u32(512), Buffer.from("iso5iso6mp41avc1")), moov]);
};

const sampleEntry = ({ sps, pps, width, height }: Track): Buffer => {
  const [, profile = 0, constraints = 0, level = 0] = sps;
  const configuration = box(
    "avcC",
    Uint8Array.of(1, profile, constraints, level, 0xff, 0xe1),
    u16(sps.length),
    sps,
    Uint8Array.of(1),
    u16(pps.length),
    pps,
  );
  return box(
    "avc1",
    Buffer.alloc(6),
    u16(1),
    Buffer.alloc(16),
    u16(width, height),
    u32(0x480000, 0x480000, 0),
    u16(1),
    Buffer.alloc(32),
    u16(24, 0xffff),
    configuration,
  );
};

export type Sample = {
  sequence: number;
  /** In ticks of the track, from the stream's own start. */
  decode_time: number;
  /** It is shown so many ticks after (negative: before) its decode time. */
  composition_offset: number;
  duration: number;
  key: boolean;
  /** Units with their lengths in front. */
  avcc: Uint8Array;
};

const KEY_FLAGS = 0x02000000;
const OTHER_FLAGS = 0x01010000;

/** Always of one length: only its numbers change. */
const moof = box(
  "moof",
  box("mfhd", full(0, 0), u32(0)),
  box(
    "traf",
    box("tfhd", full(0, 0x20000), u32(1)),
    box("tfdt", full(1, 0), u32(0, 0)),
    box("trun", full(1, 0xf01), u32(1, 0, 0, 0, 0, 0)),
  ),
);
const at = (type: string): number => moof.indexOf(type) + 8;
const [SEQUENCE, TIME, RUN] = [at("mfhd"), at("tfdt"), at("trun")];
const MDAT_HEAD_BYTES = 8;

/** moof and the head of mdat, behind `headroom` bytes that are the caller's to fill; the picture's own bytes follow them. */
export const writeFragmentHead = (sample: Sample, headroom = 0): Buffer => {
  const { sequence, decode_time, composition_offset, duration, key, avcc } = sample;
  const bytes = Buffer.allocUnsafe(headroom + moof.length + MDAT_HEAD_BYTES);
  moof.copy(bytes, headroom);
  const head = bytes.subarray(headroom);
  head.writeUInt32BE(sequence >>> 0, SEQUENCE);
  head.writeUInt32BE(Math.floor(decode_time / 2 ** 32), TIME);
  head.writeUInt32BE(decode_time % 2 ** 32, TIME + 4);
  head.writeUInt32BE(moof.length + MDAT_HEAD_BYTES, RUN + 4);
  head.writeUInt32BE(duration, RUN + 8);
  head.writeUInt32BE(avcc.length, RUN + 12);
  head.writeUInt32BE(key ? KEY_FLAGS : OTHER_FLAGS, RUN + 16);
  head.writeInt32BE(composition_offset, RUN + 20);
  head.writeUInt32BE(MDAT_HEAD_BYTES + avcc.length, moof.length);
  head.write("mdat", moof.length + 4, "latin1");
  return bytes;
};
