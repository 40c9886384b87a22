/** One watched camera: pictures as fMP4 over a WebSocket of its own, beginning with the current group. */
import type { Socket } from "node:net";
import WebSocket from "ws";
import { writeFragmentHead, writeInit } from "#lib/media/fmp4-writer.ts";
import { NAL, nalType, parseSps, type Sps } from "#lib/media/h264.ts";
import { nalsOf, onlyTypes } from "#lib/media/h264-pictures.ts";
import { LIVE_HEADER_BYTES, LIVE_KIND, LIVE_TIMESCALE, writeLiveHeader, type LiveInit } from "#lib/wire/live.ts";
import { decodeTimes } from "./decode-times.ts";
import type { Picture, Viewer } from "./stream-tap.ts";

/** What waits in the socket beyond this: the line does not follow, so it goes on at the next key frame. */
const BACKLOG_BYTES = 2 * 1024 * 1024;
/** A peer that does not answer the goodbye must not hold up the end of the agent. */
const CLOSE_MS = 500;
const USUAL_TICKS = 3600;
const LONGEST_TICKS = 10 * LIVE_TIMESCALE;
/** `avc1` carries its parameter sets in the init; delimiters and SEI say nothing to a player. */
const slices = new Set<number>([NAL.slice, 2, 3, 4, NAL.idr]);

export type LiveOutput = {
  text(message: LiveInit): void;
  /** `head` begins with room for the live header. */
  media(
    kind: 1 | 2,
    header: { key: boolean; discontinuity: boolean; captured_at_ms: number },
    head: Uint8Array,
    body: Uint8Array,
  ): void;
  /** Bytes that wait. */
  backlog(): number;
};

/** `parameter_sets`: of the camera's description, for cameras that do not repeat them in the stream. */
export const liveViewer = (output: LiveOutput, parameter_sets: readonly Uint8Array[]): Viewer => {
  let sets = findSets(parameter_sets);
  let begun: { sps: string; base: number } | null = null;
  const order = decodeTimes();
  let last = 0;
  let duration = USUAL_TICKS;
  let sequence = 0;
  let skipping = false;

  const begin = (picture: Picture): boolean => {
    if (!sets) return false;
    const read = readSps(sets.sps);
    if (!read) return false;
    const { width, height, codec } = read;
    const init = { type: "live_init" as const, channel: 0, mime: `video/mp4; codecs="${codec}"`, width, height };
    output.text(init);
    const track = { ...sets, width, height, timescale: LIVE_TIMESCALE };
    output.media(
      LIVE_KIND.init,
      { key: false, discontinuity: begun !== null, captured_at_ms: 0 },
      Buffer.alloc(LIVE_HEADER_BYTES),
      writeInit(track),
    );
    begun = { sps: hexOf(sets.sps), base: order.begin(picture.ticks, duration) };
    last = begun.base - duration;
    return true;
  };

  return {
    idle: () => output.backlog() === 0,
    picture(picture: Picture): void {
      if (picture.key) sets = findSets(nalsOf(picture.avcc)) ?? sets;
      // What was sent of this group cannot be put in order any more: on with the next.
      if (order.isLate(picture.ticks)) [skipping, duration] = [true, USUAL_TICKS];
      const changed = begun !== null && sets !== null && begun.sps !== hexOf(sets.sps);
      if ((begun === null || changed) && (!picture.key || !begin(picture))) return;
      if (output.backlog() > BACKLOG_BYTES) skipping = true;
      if ((skipping && !picture.key) || picture.damaged || begun === null) return void (skipping ||= picture.damaged);
      if (skipping) order.begin(picture.ticks, duration);
      const decoded = order.next(picture.ticks);
      const step = decoded - last;
      if (step > 0 && step < LONGEST_TICKS) duration = step;
      last = decoded;
      sequence += 1;
      const avcc = onlyTypes(picture.avcc, slices);
      if (avcc.length === 0) return;
      const decode_time = Math.max(decoded - begun.base, 0);
      const composition_offset = picture.ticks - decoded;
      const sample = { sequence, decode_time, composition_offset, duration, key: picture.key, avcc };
      const head = writeFragmentHead(sample, LIVE_HEADER_BYTES);
      const { key, captured_at_ms } = picture;
      output.media(LIVE_KIND.fragment, { key, captured_at_ms, discontinuity: skipping }, head, avcc);
      skipping = false;
    },
  };
};

/** `null` for a parameter set that is none: its camera is recorded all the same. */
const readSps = (sps: Uint8Array): Sps | null => {
  try {
    return parseSps(sps);
  } catch {
    return null;
  }
};

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

const findSets = (nals: readonly Uint8Array[]): { sps: Uint8Array; pps: Uint8Array } | null => {
  const sps = nals.find((nal) => nalType(nal) === NAL.sps);
  const pps = nals.find((nal) => nalType(nal) === NAL.pps);
  return sps && pps ? { sps, pps } : null;
};

export type LiveSocket = { output: LiveOutput; close(): void };

/** Dials the gateway. `onClose` is called once, also when it never opened. */
export const openLiveSocket = (url: string, authorization: string, on: { open(): void; close(): void }): LiveSocket => {
  const socket = new WebSocket(url, {
    headers: { authorization },
    perMessageDeflate: false,
    handshakeTimeout: 5000,
    // A mask of zeros: it guards proxies against scripts of a browser, and would cost a copy of every picture here.
    generateMask: () => undefined,
  });
  let sequence = 0;
  let line: Socket | null = null;
  socket.on("upgrade", (response) => (line = response.socket));
  socket.on("open", on.open);
  socket.on("error", () => undefined);
  socket.on("close", on.close);
  const isOpen = (): boolean => socket.readyState === WebSocket.OPEN;
  return {
    output: {
      text: (message) => {
        if (isOpen()) socket.send(JSON.stringify(message));
      },
      media(kind, header, head, body) {
        if (!isOpen()) return;
        sequence = (sequence + 1) >>> 0;
        head.set(writeLiveHeader({ kind, ...header, channel: 0, sequence }));
        // One message, one write, and the picture is not copied for it.
        line?.cork();
        socket.send(head, { binary: true, fin: false });
        socket.send(body, { binary: true, fin: true });
        line?.uncork();
      },
      backlog: () => socket.bufferedAmount,
    },
    close() {
      const timer = setTimeout(() => socket.terminate(), CLOSE_MS);
      socket.once("close", () => clearTimeout(timer));
      socket.close(1000);
    },
  };
};
