/**
 * A picture as RTP packets for a reader on this machine, each as large as interleaving allows: what FFmpeg costs, it costs per
 * packet. The picture's own bytes are not copied.
 */
import { nalsOf, type CodedPicture } from "#lib/media/h264-pictures.ts";
import { INTERLEAVED_HEAD_BYTES } from "#lib/media/rtsp.ts";
import { RTP_HEADER_BYTES } from "#lib/media/rtp.ts";

const FU_A = 28;
/** Lengths have 16 bits. */
const LARGEST_BYTES = 60_000;
/** For a stream that begins at 0: FFmpeg takes that for no time and counts from the next picture, which may be shown much later. */
const NOT_ZERO_TICKS = 90_000;

export const largePackets = (payload_type: number) => {
  let sequence = 0;
  let shift: number | null = null;
  const head = (payload_bytes: number, rtp_time: number, marker: boolean, more: number): Buffer => {
    const bytes = Buffer.allocUnsafe(INTERLEAVED_HEAD_BYTES + RTP_HEADER_BYTES + more);
    bytes.writeUInt16BE(0x2400, 0);
    bytes.writeUInt16BE(RTP_HEADER_BYTES + more + payload_bytes, 2);
    bytes[4] = 0x80;
    bytes[5] = (marker ? 0x80 : 0) | payload_type;
    bytes.writeUInt16BE(sequence, 6);
    bytes.writeUInt32BE(rtp_time >>> 0, 8);
    bytes.writeUInt32BE(1, 12);
    sequence = (sequence + 1) & 0xffff;
    return bytes;
  };
  /** Calls `write` with what is to be sent, in order. */
  return (picture: CodedPicture, write: (bytes: Buffer) => void): void => {
    shift ??= picture.rtp_time === 0 ? NOT_ZERO_TICKS : 0;
    const rtp_time = picture.rtp_time + shift;
    const nals = nalsOf(picture.avcc);
    for (const [index, nal] of nals.entries()) {
      const isLast = index === nals.length - 1;
      if (nal.length <= LARGEST_BYTES) {
        write(head(nal.length, rtp_time, isLast, 0));
        write(nal);
        continue;
      }
      const [first = 0] = nal;
      for (let at = 1; at < nal.length; at += LARGEST_BYTES) {
        const piece = nal.subarray(at, at + LARGEST_BYTES);
        const ends = at + LARGEST_BYTES >= nal.length;
        const bytes = head(piece.length, rtp_time, isLast && ends, 2);
        bytes[16] = (first & 0xe0) | FU_A;
        bytes[17] = (first & 0x1f) | (at === 1 ? 0x80 : 0) | (ends ? 0x40 : 0);
        write(bytes);
        write(piece);
      }
    }
  };
};
