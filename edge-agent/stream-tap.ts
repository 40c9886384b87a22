/**
 * Looks at what passes the relay, packet by packet: when pictures were taken, where groups of pictures begin, which pictures go
 * to analysis and to viewers. Packets are kept as they came; a picture is put together only when somebody wants it.
 */
import { INTERLEAVED_HEAD_BYTES } from "#lib/media/rtsp.ts";
import { beginsKeyFrame, h264Depacketiser, readRtpHead, readSenderReport, type AccessUnit } from "#lib/media/rtp.ts";
import { captureClock, type CaptureClock } from "./rtsp/capture-clock.ts";

const GROUP_LIMIT_BYTES = 8 * 1024 * 1024;
/** Key frames for analysis: one a second at most on average, though a camera's second may be a little short. */
const [KEY_FRAME_TICKS, EARLY_TICKS] = [90_000, 4500];

/** One picture of the current group, as packets. `ticks`: 90 kHz, from the connection's first picture. */
export type Picture = { frames: Buffer[]; bytes: number; ticks: number; captured_at_ms: number; key: boolean };

export type Tap = {
  frame(channel: number, frame: Buffer): void;
  clock: CaptureClock;
  /** Begins with the current group. Answers the ticks of its first picture, `null`: begins with the next group. */
  attachReader(reader: Reader): void;
  detachReader(reader: Reader): void;
  attachViewer(viewer: Viewer): void;
  detachViewer(viewer: Viewer): void;
  seen(): {
    bytes: number;
    bytes_at: number;
    key_at: number;
    captured_at_ms: number | null;
    pictures: number;
    keys: number;
  };
  /** Over the last few seconds. */
  bytesPerSecond(): number;
};
/** `begins`: before the first frame, with the ticks of the picture it belongs to. */
export type Reader = { begins(ticks: number): void; send(frame: Buffer): boolean };
export type Viewer = { picture(unit: AccessUnit, picture: Picture): void };

export type TapNeeds = {
  /** Server time, ms. */
  now(): number;
  monotonic(): number;
  /** At most one a second. */
  onKeyFrame(unit: AccessUnit, captured_at_ms: number): void;
  /** The camera's clock jumped: nothing more is passed on, this connection is of no use. */
  onJump(): void;
};

export const streamTap = (needs: TapNeeds): Tap => {
  const clock = captureClock();
  const readers = new Set<Reader>();
  const waiting = new Set<Reader>();
  const viewers = new Set<Viewer>();
  const started = needs.monotonic();
  const rate = byteRate(started);
  const seen = {
    bytes: 0,
    bytes_at: started,
    key_at: started,
    captured_at_ms: null as number | null,
    pictures: 0,
    keys: 0,
  };
  let group: Picture[] = [];
  let groupBytes = 0;
  let unit: { frames: Buffer[]; bytes: number; rtp_time: number; key: boolean } | null = null;
  let keyDue = Number.NEGATIVE_INFINITY;
  let over = false;

  const finish = (): void => {
    if (!unit) return;
    const { frames, bytes, rtp_time, key } = unit;
    unit = null;
    const captured_at_ms = clock.picture(rtp_time, needs.now());
    const picture = { frames, bytes, key, captured_at_ms, ticks: clock.ticksOf(rtp_time) };
    seen.captured_at_ms = captured_at_ms;
    seen.pictures += 1;
    keep(picture);
    const wanted = key && picture.ticks >= keyDue - EARLY_TICKS;
    if (!wanted && viewers.size === 0) return;
    const assembled = assemble(picture);
    if (!assembled) return;
    for (const viewer of viewers) viewer.picture(assembled, picture);
    if (!wanted || assembled.damaged) return;
    keyDue = Math.max(keyDue, picture.ticks) + KEY_FRAME_TICKS;
    needs.onKeyFrame(assembled, captured_at_ms);
  };

  const keep = (picture: Picture): void => {
    if (picture.key) {
      group = [];
      groupBytes = 0;
      seen.keys += 1;
      seen.key_at = needs.monotonic();
    } else if (group.length === 0) return;
    groupBytes += picture.bytes;
    // Half a group helps nobody: who joins waits for the next one.
    if (groupBytes > GROUP_LIMIT_BYTES) group = [];
    else group.push(picture);
  };

  /** The packets of a key frame may come after others of its picture (delimiter, SEI): those are held back until it is known. */
  const forward = (frame: Buffer, open: NonNullable<typeof unit>, becameKey: boolean): void => {
    if (becameKey && waiting.size > 0) {
      for (const reader of waiting) {
        reader.begins(clock.ticksOf(open.rtp_time));
        for (const held of open.frames.slice(0, -1)) reader.send(held);
        readers.add(reader);
      }
      waiting.clear();
    }
    for (const reader of readers) if (!reader.send(frame)) readers.delete(reader);
  };

  return {
    clock,
    frame(channel, frame) {
      seen.bytes += frame.length;
      seen.bytes_at = needs.monotonic();
      const packet = frame.subarray(INTERLEAVED_HEAD_BYTES);
      if (channel === 1) {
        const report = readSenderReport(packet);
        if (report) clock.report(report.rtp_time, report.wall_ms, needs.now());
        return;
      }
      const head = channel === 0 ? readRtpHead(packet) : null;
      if (!head || over) return;
      if (unit && unit.rtp_time !== head.rtp_time) finish();
      if (!unit && clock.jumped(head.rtp_time, needs.now())) {
        over = true;
        return needs.onJump();
      }
      unit ??= { frames: [], bytes: 0, rtp_time: head.rtp_time, key: false };
      unit.frames.push(frame);
      unit.bytes += frame.length;
      const becameKey = !unit.key && beginsKeyFrame(packet, head.from, head.to);
      if (becameKey) unit.key = true;
      forward(frame, unit, becameKey);
      // No picture is that large: it would fill the memory.
      if (head.marker || unit.bytes > GROUP_LIMIT_BYTES) finish();
    },
    attachReader(reader) {
      const [first] = group;
      if (!first) return void waiting.add(reader);
      reader.begins(first.ticks);
      for (const picture of group) for (const frame of picture.frames) reader.send(frame);
      for (const frame of unit?.frames ?? []) reader.send(frame);
      readers.add(reader);
    },
    detachReader(reader) {
      readers.delete(reader);
      waiting.delete(reader);
    },
    attachViewer(viewer) {
      for (const picture of group) {
        const assembled = assemble(picture);
        if (assembled) viewer.picture(assembled, picture);
      }
      viewers.add(viewer);
    },
    detachViewer: (viewer) => void viewers.delete(viewer),
    seen: () => seen,
    bytesPerSecond: () => rate(seen.bytes, needs.monotonic()),
  };
};

const RATE_OVER_MS = 2000;

/** Asked every now and then; answers for the time since it was last asked, that being long enough. */
const byteRate = (started: number) => {
  let last = { bytes: 0, at: started, per_second: 0 };
  return (bytes: number, at: number): number => {
    if (at - last.at >= RATE_OVER_MS) {
      last = { bytes, at, per_second: Math.round(((bytes - last.bytes) / (at - last.at)) * 1000) };
    }
    return last.per_second;
  };
};

const assemble = (picture: Picture): AccessUnit | null => {
  const depacketiser = h264Depacketiser();
  const units = picture.frames.flatMap((frame) => depacketiser.push(frame.subarray(INTERLEAVED_HEAD_BYTES)));
  return units[0] ?? null;
};
