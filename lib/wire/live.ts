/**
 * Live video on WebSockets: agent → gateway (`GET /agents/live/<camera_id>`, one camera a socket, channel 0) and gateway →
 * console (its one socket, a channel per subscription). Binary messages: 16 bytes of header, then fMP4.
 *
 * | bytes | what |
 * |---|---|
 * | 0 | kind: 1 init segment (ftyp + moov), 2 fragment (moof + mdat, one access unit) |
 * | 1 | flags: 1 begins with a key frame · 2 discontinuity: what came before does not join |
 * | 2–3 | channel, unsigned, big-endian |
 * | 4–7 | sequence, unsigned, wraps |
 * | 8–15 | capture time, float64 big-endian, ms since 1970 of server time (init: 0) |
 *
 * An init is followed by a fragment with a key frame. Before an init comes the text `LiveInit`. Times inside the fragments
 * (`tfdt`) run at 90 kHz from the stream's own start and never jump within one init.
 */
import * as z from "zod";

export const LIVE_HEADER_BYTES = 16;
export const LIVE_KIND = { init: 1, fragment: 2 } as const;
export const LIVE_FLAG = { key: 1, discontinuity: 2 } as const;
export const LIVE_TIMESCALE = 90_000;

export type LiveHeader = {
  kind: 1 | 2;
  key: boolean;
  discontinuity: boolean;
  channel: number;
  sequence: number;
  /** ms since 1970, server time */
  captured_at_ms: number;
};

export const LiveInit = z.object({
  type: z.literal("live_init"),
  channel: z.number().int(),
  /** e.g. `video/mp4; codecs="avc1.64001f"` */
  mime: z.string(),
  width: z.number().int(),
  height: z.number().int(),
});
export type LiveInit = z.infer<typeof LiveInit>;

export const writeLiveHeader = (header: LiveHeader): Uint8Array => {
  const bytes = new Uint8Array(LIVE_HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, header.kind);
  view.setUint8(1, (header.key ? LIVE_FLAG.key : 0) | (header.discontinuity ? LIVE_FLAG.discontinuity : 0));
  view.setUint16(2, header.channel);
  view.setUint32(4, header.sequence >>> 0);
  view.setFloat64(8, header.captured_at_ms);
  return bytes;
};

/** `null` for what is no live message. */
export const readLiveHeader = (message: Uint8Array): LiveHeader | null => {
  if (message.byteLength < LIVE_HEADER_BYTES) return null;
  const view = new DataView(message.buffer, message.byteOffset, LIVE_HEADER_BYTES);
  const kind = view.getUint8(0);
  if (kind !== LIVE_KIND.init && kind !== LIVE_KIND.fragment) return null;
  const flags = view.getUint8(1);
  return {
    kind,
    key: (flags & LIVE_FLAG.key) !== 0,
    discontinuity: (flags & LIVE_FLAG.discontinuity) !== 0,
    channel: view.getUint16(2),
    sequence: view.getUint32(4),
    captured_at_ms: view.getFloat64(8),
  };
};
