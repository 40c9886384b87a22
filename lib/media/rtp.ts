/** RTP with H.264 (RFC 3550, RFC 6184): pictures to packets and packets to pictures. */

/** All units of one picture. `rtp_time`: 32 bits at 90 kHz. */
export type AccessUnit = { nals: Uint8Array[]; key: boolean; rtp_time: number; damaged: boolean };

export const RTP_HEADER_BYTES = 12;
/** Within an Ethernet frame, tunnels included. */
const PAYLOAD_BYTES = 1400;
const FU_A = 28;

export const rtpTimeOf = (packet: Uint8Array, from = 0): number =>
  (((packet[from + 4] ?? 0) << 24) |
    ((packet[from + 5] ?? 0) << 16) |
    ((packet[from + 6] ?? 0) << 8) |
    (packet[from + 7] ?? 0)) >>>
  0;

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
