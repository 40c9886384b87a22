/** RTP with H.264 (RFC 3550, RFC 6184): pictures to packets and packets to pictures. */
import { NAL, nalType } from "./h264.ts";

/** All units of one picture. `rtp_time`: 32 bits at 90 kHz. */
export type AccessUnit = { nals: Uint8Array[]; key: boolean; rtp_time: number; damaged: boolean };

export const RTP_HEADER_BYTES = 12;
/** Within an Ethernet frame, tunnels included. */
const PAYLOAD_BYTES = 1400;
const [STAP_A, FU_A] = [24, 28];
/** A picture larger than this is none. */
const LONGEST_UNIT_BYTES = 16 * 1024 * 1024;

export type RtpHead = {
  marker: boolean;
  payload_type: number;
  sequence: number;
  rtp_time: number;
  /** Where the payload begins and ends, extension and padding left out. */
  from: number;
  to: number;
};

/** `null` for what is no RTP packet. */
export const readRtpHead = (packet: Uint8Array): RtpHead | null => {
  const first = packet[0] ?? 0;
  const second = packet[1] ?? 0;
  if (packet.length < RTP_HEADER_BYTES || first >> 6 !== 2) return null;
  let from = RTP_HEADER_BYTES + (first & 0x0f) * 4;
  if ((first & 0x10) !== 0) from += 4 + (((packet[from + 2] ?? 0) << 8) | (packet[from + 3] ?? 0)) * 4;
  const to = packet.length - ((first & 0x20) !== 0 ? (packet.at(-1) ?? 0) : 0);
  if (from >= to) return null;
  return {
    marker: (second & 0x80) !== 0,
    payload_type: second & 0x7f,
    sequence: ((packet[2] ?? 0) << 8) | (packet[3] ?? 0),
    rtp_time: rtpTimeOf(packet),
    from,
    to,
  };
};

export const rtpTimeOf = (packet: Uint8Array): number =>
  (((packet[4] ?? 0) << 24) | ((packet[5] ?? 0) << 16) | ((packet[6] ?? 0) << 8) | (packet[7] ?? 0)) >>> 0;

/**
 * Does an IDR begin in this payload? Parameter sets do not count: some cameras repeat them before every picture. In an aggregate
 * each unit is looked at.
 */
export const beginsKeyFrame = (packet: Uint8Array, from: number, to: number = packet.length): boolean => {
  const type = (packet[from] ?? 0) & 0x1f;
  if (type === NAL.idr) return true;
  if (type === STAP_A) return unpack(packet.subarray(from, to)).some((nal) => nalType(nal) === NAL.idr);
  if (type !== FU_A) return false;
  const head = packet[from + 1] ?? 0;
  return (head & 0x80) !== 0 && (head & 0x1f) === NAL.idr;
};

/** Feed packets in the order of their arrival (TCP keeps it). A unit ends at its marker or when the timestamp changes. */
export const h264Depacketiser = (): { push(packet: Uint8Array): AccessUnit[] } => {
  let unit: AccessUnit | null = null;
  let pieces: Uint8Array[] = [];
  let bytes = 0;
  let last = -1;

  const finish = (ready: AccessUnit[]): void => {
    if (unit && pieces.length > 0) {
      unit.damaged = true;
      pieces = [];
    }
    if (unit && unit.nals.length > 0) ready.push(unit);
    unit = null;
    bytes = 0;
  };
  const add = (open: AccessUnit, nal: Uint8Array): void => {
    if (nal.length === 0) return;
    open.nals.push(nal);
    if (nalType(nal) === NAL.idr) open.key = true;
  };
  const addPiece = (open: AccessUnit, payload: Uint8Array): void => {
    const [indicator = 0, head = 0] = payload;
    if ((head & 0x80) !== 0) pieces = [Uint8Array.of((indicator & 0xe0) | (head & 0x1f))];
    else if (pieces.length === 0) return void (open.damaged = true);
    pieces.push(payload.subarray(2));
    if ((head & 0x40) === 0) return;
    add(open, Buffer.concat(pieces));
    pieces = [];
  };

  return {
    push(packet) {
      const head = readRtpHead(packet);
      const ready: AccessUnit[] = [];
      if (!head) return ready;
      if (unit && unit.rtp_time !== head.rtp_time) finish(ready);
      const lost = last >= 0 && ((last + 1) & 0xffff) !== head.sequence;
      last = head.sequence;
      unit ??= { nals: [], key: false, rtp_time: head.rtp_time, damaged: false };
      if (lost) {
        unit.damaged = true;
        pieces = [];
      }
      const payload = packet.subarray(head.from, head.to);
      bytes += payload.length;
      if (bytes > LONGEST_UNIT_BYTES) unit.damaged = true;
      else if (nalType(payload) === FU_A) addPiece(unit, payload);
      else if (nalType(payload) === STAP_A) for (const nal of unpack(payload)) add(unit, nal);
      else add(unit, payload);
      if (head.marker) finish(ready);
      return ready;
    },
  };
};

const unpack = (payload: Uint8Array): Uint8Array[] => {
  const nals: Uint8Array[] = [];
  for (let at = 1; at + 2 <= payload.length;) {
    const size = ((payload[at] ?? 0) << 8) | (payload[at + 1] ?? 0);
    if (size === 0 || at + 2 + size > payload.length) break;
    nals.push(payload.subarray(at + 2, at + 2 + size));
    at += 2 + size;
  }
  return nals;
};

/** The packets of one picture. */
export const h264Packetiser = (ssrc: number, payload_type = 96) => {
  let sequence = 0;
  const packet = (payload: readonly Uint8Array[], rtp_time: number, marker: boolean): Buffer => {
    const head = Buffer.alloc(RTP_HEADER_BYTES);
    head[0] = 0x80;
    head[1] = (marker ? 0x80 : 0) | payload_type;
    head.writeUInt16BE(sequence, 2);
    head.writeUInt32BE(rtp_time >>> 0, 4);
    head.writeUInt32BE(ssrc >>> 0, 8);
    sequence = (sequence + 1) & 0xffff;
    return Buffer.concat([head, ...payload]);
  };
  return {
    packets(nals: readonly Uint8Array[], rtp_time: number): Buffer[] {
      return nals.flatMap((nal, index) => {
        const last = index === nals.length - 1;
        if (nal.length <= PAYLOAD_BYTES) return [packet([nal], rtp_time, last)];
        return fragmentsOf(nal).map((piece) => packet(piece.parts, rtp_time, last && piece.ends));
      });
    },
    next: () => sequence,
  };
};

const fragmentsOf = (nal: Uint8Array): { parts: Uint8Array[]; ends: boolean }[] => {
  const [first = 0] = nal;
  const pieces: { parts: Uint8Array[]; ends: boolean }[] = [];
  for (let at = 1; at < nal.length; at += PAYLOAD_BYTES) {
    const ends = at + PAYLOAD_BYTES >= nal.length;
    const head = (first & 0x1f) | (at === 1 ? 0x80 : 0) | (ends ? 0x40 : 0);
    pieces.push({ parts: [Uint8Array.of((first & 0xe0) | FU_A, head), nal.subarray(at, at + PAYLOAD_BYTES)], ends });
  }
  return pieces;
};

const NTP_EPOCH_SECONDS = 2_208_988_800;

/** RTCP sender report: which wall time (ms since 1970) an RTP time is. */
export const writeSenderReport = (
  ssrc: number,
  report: { wall_ms: number; rtp_time: number; packets: number; bytes: number },
): Buffer => {
  const bytes = Buffer.alloc(28);
  bytes.writeUInt16BE(0x80c8, 0);
  bytes.writeUInt16BE(6, 2);
  bytes.writeUInt32BE(ssrc >>> 0, 4);
  const seconds = Math.floor(report.wall_ms / 1000);
  bytes.writeUInt32BE((seconds + NTP_EPOCH_SECONDS) >>> 0, 8);
  bytes.writeUInt32BE(Math.floor(((report.wall_ms - seconds * 1000) / 1000) * 2 ** 32) >>> 0, 12);
  bytes.writeUInt32BE(report.rtp_time >>> 0, 16);
  bytes.writeUInt32BE(report.packets >>> 0, 20);
  bytes.writeUInt32BE(report.bytes >>> 0, 24);
  return bytes;
};

/** The first sender report in a compound packet; `null` when there is none. */
export const readSenderReport = (packet: Uint8Array): { wall_ms: number; rtp_time: number } | null => {
  const data = Buffer.from(packet.buffer, packet.byteOffset, packet.byteLength);
  for (let at = 0; at + 8 <= data.length; at += (data.readUInt16BE(at + 2) + 1) * 4) {
    if (data[at + 1] !== 200 || at + 20 > data.length) continue;
    const seconds = data.readUInt32BE(at + 8) - NTP_EPOCH_SECONDS;
    const wall_ms = seconds * 1000 + (data.readUInt32BE(at + 12) / 2 ** 32) * 1000;
    return { wall_ms, rtp_time: data.readUInt32BE(at + 16) };
  }
  return null;
};
