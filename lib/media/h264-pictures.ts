/**
 * RTP packets (RFC 6184) → pictures. Built for thousands of packets a second: a packet is read where it lies and copied once,
 * nothing is allocated for it.
 */
import { NAL, nalType } from "./h264.ts";
import { RTP_HEADER_BYTES, rtpTimeOf } from "./rtp.ts";

/** Units with their lengths in front (4 bytes each), as MP4 stores them. `rtp_time`: 32 bits at 90 kHz. */
export type CodedPicture = { avcc: Buffer; key: boolean; damaged: boolean; rtp_time: number };

const [STAP_A, FU_A] = [24, 28];
const LENGTH_BYTES = 4;
/** A picture larger than this is none. */
const LONGEST_PICTURE_BYTES = 16 * 1024 * 1024;

/** The units of the picture that is being put together, one behind the other. */
const unitsOfPicture = () => {
  let scratch = Buffer.allocUnsafeSlow(64 * 1024);
  const now = { length: 0, key: false, damaged: false };
  /** Where the length of a unit in pieces stands, −1: none is open. */
  let open = -1;

  const room = (bytes: number): boolean => {
    if (now.length + bytes > LONGEST_PICTURE_BYTES) return !(now.damaged = true);
    if (now.length + bytes > scratch.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(scratch.length * 2, now.length + bytes));
      scratch.copy(larger, 0, 0, now.length);
      scratch = larger;
    }
    return true;
  };
  const copy = (data: Buffer, from: number, to: number): void => {
    data.copy(scratch, now.length, from, to);
    now.length += to - from;
  };
  /** A unit whose last piece never came is left out. */
  const dropOpen = (): void => {
    if (open < 0) return;
    now.damaged = true;
    now.length = open;
    open = -1;
  };
  return {
    now,
    dropOpen,
    bytes: (): Buffer => scratch.subarray(0, now.length),
    unit(data: Buffer, from: number, to: number): void {
      if (to <= from || !room(LENGTH_BYTES + to - from)) return;
      if (((data[from] ?? 0) & 0x1f) === NAL.idr) now.key = true;
      scratch.writeUInt32BE(to - from, now.length);
      now.length += LENGTH_BYTES;
      copy(data, from, to);
    },
    piece(data: Buffer, from: number, to: number): void {
      const [indicator, head] = [data[from] ?? 0, data[from + 1] ?? 0];
      if (to - from < 2 || !room(LENGTH_BYTES + to - from)) return void (now.damaged = true);
      if ((head & 0x80) !== 0) {
        dropOpen();
        open = now.length;
        now.length += LENGTH_BYTES;
        scratch[now.length] = (indicator & 0xe0) | (head & 0x1f);
        now.length += 1;
        if ((head & 0x1f) === NAL.idr) now.key = true;
      } else if (open < 0) return void (now.damaged = true);
      copy(data, from + 2, to);
      if ((head & 0x40) === 0) return;
      scratch.writeUInt32BE(now.length - open - LENGTH_BYTES, open);
      open = -1;
    },
  };
};

/**
 * Calls back once per picture: at its marker, or when the timestamp changes. Packets come in the order of their sending. The
 * bytes of the picture are used again when the call returns.
 */
export const pictureAssembler = (onPicture: (picture: CodedPicture) => void) => {
  const units = unitsOfPicture();
  const { now } = units;
  let rtp_time = -1;
  let last = -1;

  const addAggregate = (data: Buffer, from: number, to: number): void => {
    for (let at = from + 1; at + 2 <= to;) {
      const size = data.readUInt16BE(at);
      if (size === 0 || at + 2 + size > to) return void (now.damaged = true);
      units.unit(data, at + 2, at + 2 + size);
      at += 2 + size;
    }
  };
  const finish = (): void => {
    units.dropOpen();
    const { key, damaged } = now;
    const picture = now.length === 0 ? null : { avcc: units.bytes(), key, damaged, rtp_time };
    [now.length, now.key, now.damaged, rtp_time] = [0, false, false, -1];
    if (picture) onPicture(picture);
  };

  return {
    /** The packet lies between `from` and `to`. What is no RTP packet is passed over. */
    push(data: Buffer, from: number, to: number): void {
      const payload = payloadOf(data, from, to);
      if (payload.from < 0) return;
      const time = rtpTimeOf(data, from);
      if (rtp_time >= 0 && rtp_time !== time) finish();
      const sequence = data.readUInt16BE(from + 2);
      if (last >= 0 && ((last + 1) & 0xffff) !== sequence) {
        units.dropOpen();
        now.damaged = true;
      }
      last = sequence;
      rtp_time = time;
      const type = (data[payload.from] ?? 0) & 0x1f;
      if (type === FU_A) units.piece(data, payload.from, payload.to);
      else if (type === STAP_A) addAggregate(data, payload.from, payload.to);
      else units.unit(data, payload.from, payload.to);
      if (((data[from + 1] ?? 0) & 0x80) !== 0) finish();
    },
  };
};

/** Reused: it is read at once. */
const body = { from: -1, to: -1 };

/** Extension and padding left out; `from` −1 for what is no RTP packet. */
const payloadOf = (data: Buffer, from: number, to: number): Readonly<typeof body> => {
  const first = data[from] ?? 0;
  body.from = -1;
  if (to - from < RTP_HEADER_BYTES || first >> 6 !== 2) return body;
  let start = from + RTP_HEADER_BYTES + (first & 0x0f) * 4;
  if ((first & 0x10) !== 0) {
    if (start + 4 > to) return body;
    start += 4 + data.readUInt16BE(start + 2) * 4;
  }
  body.to = to - ((first & 0x20) === 0 ? 0 : (data[to - 1] ?? 0));
  if (start < body.to) body.from = start;
  return body;
};

/** The units of a picture, as views. */
export const nalsOf = (avcc: Buffer): Buffer[] => {
  const nals: Buffer[] = [];
  for (let at = 0; at + LENGTH_BYTES <= avcc.length;) {
    const end = at + LENGTH_BYTES + avcc.readUInt32BE(at);
    nals.push(avcc.subarray(at + LENGTH_BYTES, end));
    at = end;
  }
  return nals;
};

/** Only the units of these types, lengths included; the same bytes when that is all of them. */
export const onlyTypes = (avcc: Buffer, types: ReadonlySet<number>): Buffer => {
  const nals = nalsOf(avcc);
  if (nals.every((nal) => types.has(nalType(nal)))) return avcc;
  const kept = nals.filter((nal) => types.has(nalType(nal)));
  return Buffer.concat(
    kept.map((nal) =>
      avcc.subarray(nal.byteOffset - avcc.byteOffset - LENGTH_BYTES, nal.byteOffset - avcc.byteOffset + nal.length),
    ),
  );
};
