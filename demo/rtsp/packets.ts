/** Pictures as bytes for the line. What stays the same from loop to loop is made once; only number and time are new. */
import { RTP_HEADER_BYTES, h264Packetiser, writeSenderReport } from "#lib/media/rtp.ts";
import { INTERLEAVED_HEAD_BYTES } from "#lib/media/rtsp.ts";
import type { LoopPicture } from "./video.ts";

const SSRC = 0x6774_7631;

export type Stamped = { bytes: Buffer; packets: number; payload_bytes: number };

export const pictureStamper = () => {
  const made = new WeakMap<LoopPicture, { bytes: Buffer; starts: number[] }>();
  let sequence = 0;
  return (picture: LoopPicture, rtp_time: number): Stamped => {
    const kept = made.get(picture) ?? layOut(picture);
    made.set(picture, kept);
    // A copy: a slow viewer's socket may still hold the bytes of the loop before.
    const bytes = Buffer.from(kept.bytes);
    for (const start of kept.starts) {
      bytes.writeUInt16BE(sequence, start + INTERLEAVED_HEAD_BYTES + 2);
      bytes.writeUInt32BE(rtp_time, start + INTERLEAVED_HEAD_BYTES + 4);
      sequence = (sequence + 1) & 0xffff;
    }
    const heads = kept.starts.length * (INTERLEAVED_HEAD_BYTES + RTP_HEADER_BYTES);
    return { bytes, packets: kept.starts.length, payload_bytes: bytes.length - heads };
  };
};

const layOut = ({ nals }: LoopPicture): { bytes: Buffer; starts: number[] } => {
  const starts: number[] = [];
  let at = 0;
  const packets = h264Packetiser(SSRC)
    .packets(nals, 0)
    .map((packet) => {
      starts.push(at);
      at += packet.length + INTERLEAVED_HEAD_BYTES;
      return interleaved(packet, 0);
    });
  return { bytes: Buffer.concat(packets), starts };
};

const interleaved = (packet: Buffer, channel: number): Buffer =>
  Buffer.concat([Buffer.from([0x24, channel, packet.length >> 8, packet.length & 0xff]), packet]);

export const senderReport = (report: Parameters<typeof writeSenderReport>[1]): Buffer =>
  interleaved(writeSenderReport(SSRC, report), 1);
