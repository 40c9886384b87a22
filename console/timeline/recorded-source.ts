/** Fills one MediaSource with a camera's recording from an instant on: signed segments, read in ranges. */
import type { PlayableSegment } from "#functions/streaming/contract.ts";
import { readFragmentTime, readTimescale } from "#console/live/fragments.ts";
import { createMediaTimes, placeOf, type MediaTimes } from "./media-times.ts";

export type SourceState = "loading" | "nothing" | "failed" | "unplayable";

export type SourceNeeds = {
  list(from: number, to: number): Promise<readonly PlayableSegment[]>;
  bytes(url: string, from: number, to: number): Promise<Uint8Array<ArrayBuffer>>;
  /** The instant itself where there is video, else where video begins again; null when nothing follows. */
  next(ms: number): number | null;
  /** Where the player is, in its own seconds; null before it has begun. */
  position(): number | null;
  /** Seconds of media wanted ahead of it. */
  ahead(): number;
  onState(state: SourceState, error?: unknown): void;
};

export type RecordedSource = {
  media: MediaSource;
  times: MediaTimes;
  start: number;
  /** The player's second up to which there is media; null while there is none. */
  end(): number | null;
  /** Nothing is known to follow what was loaded. */
  isLast(): boolean;
  close(): void;
};

const BEHIND_SECONDS = 60;
const WINDOW_MS = 120_000;
const LOOK_MS = 200;
const AGAIN_MS = 1000;
const AFTER_FAILURE_MS = 4000;
/** A signature lives ten minutes; one that is older than this is not tried any more. */
const LISTED_MS = 240_000;

type Open = {
  media: MediaSource;
  times: MediaTimes;
  buffer: SourceBuffer | null;
  mime: string;
  base: number | null;
  start: number;
  last: boolean;
  closed: boolean;
};

export const openRecordedSource = (start: number, needs: SourceNeeds): RecordedSource => {
  const media = new MediaSource();
  const open: Open = {
    media,
    times: createMediaTimes(),
    buffer: null,
    mime: "",
    base: null,
    start,
    last: false,
    closed: false,
  };
  media.addEventListener("sourceopen", () => void fill(open, needs), { once: true });
  return {
    media,
    times: open.times,
    start,
    end: () => endOf(open),
    isLast: () => open.last,
    close() {
      open.closed = true;
    },
  };
};

const endOf = ({ buffer }: Open): number | null =>
  buffer && buffer.buffered.length > 0 ? buffer.buffered.end(buffer.buffered.length - 1) : null;

const fill = async (open: Open, needs: SourceNeeds): Promise<void> => {
  const loaded = new Set<string>();
  let cursor = open.start;
  while (!open.closed) {
    try {
      const reached = await fillOnce(open, needs, cursor, loaded);
      open.last = reached === null;
      if (reached === null && open.base === null) needs.onState("nothing");
      if (reached === null) await pause(AGAIN_MS);
      else cursor = reached;
    } catch (error) {
      if (open.closed) return;
      const isUnplayable = error instanceof DOMException && error.name === "NotSupportedError";
      needs.onState(isUnplayable ? "unplayable" : "failed", error);
      if (isUnplayable) return;
      await pause(AFTER_FAILURE_MS);
    }
  }
};

/** Answers the wall time that it reached; null when there was nothing new. */
const fillOnce = async (
  open: Open,
  needs: SourceNeeds,
  cursor: number,
  loaded: Set<string>,
): Promise<number | null> => {
  const from = needs.next(cursor);
  if (from === null) return null;
  const listed = performance.now();
  const fresh = (await needs.list(from, from + WINDOW_MS)).filter(({ id }) => !loaded.has(id));
  let reached: number | null = null;
  for (const segment of fresh) {
    await roomFor(open, needs);
    if (open.closed || performance.now() - listed > LISTED_MS) break;
    await append(open, segment, needs);
    loaded.add(segment.id);
    reached = Math.max(cursor, Date.parse(segment.wall_end));
  }
  // Nothing was taken but there is something: it is listed again with new signatures.
  return reached ?? (fresh.length > 0 ? cursor : null);
};

const roomFor = async (open: Open, needs: SourceNeeds): Promise<void> => {
  const isFull = (): boolean => {
    const [end, position] = [endOf(open), needs.position()];
    return end !== null && position !== null && end - position > needs.ahead();
  };
  while (!open.closed && isFull()) await pause(LOOK_MS);
  const { buffer } = open;
  const position = needs.position();
  if (!buffer || open.closed || position === null || buffer.buffered.length === 0) return;
  if (position - buffer.buffered.start(0) < 2 * BEHIND_SECONDS) return;
  buffer.remove(0, position - BEHIND_SECONDS);
  await settled(buffer);
};

const append = async (open: Open, segment: PlayableSegment, needs: SourceNeeds): Promise<void> => {
  const captured = Date.parse(segment.captured_at);
  const isFirst = open.base === null;
  // Only the first segment is entered in the middle: at the last key frame before the instant that was asked for.
  const index = isFirst ? entryOf(segment, open.start) : 0;
  const first = segment.fragments[index];
  if (!first) return;
  const init = await needs.bytes(segment.url, 0, segment.init_length);
  const timescale = readTimescale(init);
  let placed: number | null = null;
  for (const { from, to } of rangesOf(segment, index, isFirst)) {
    const bytes = await needs.bytes(segment.url, from, to);
    if (open.closed || open.media.readyState !== "open") return;
    const buffer = bufferFor(open, `video/mp4; codecs="${segment.codec}"`);
    if (placed === null) {
      const time = readFragmentTime(bytes);
      if (!timescale || !time) return;
      const wall_from = captured + first.start_ms;
      open.base ??= wall_from;
      placed = placeOf(wall_from, open.base, endOf(open));
      buffer.timestampOffset = placed - (time.decode_time + time.composition_offset) / timescale;
      await appended(buffer, init);
    }
    await appended(buffer, bytes);
    open.times.add({ media_from: placed, media_to: endOf(open) ?? placed, wall_from: captured + first.start_ms });
  }
};

const entryOf = ({ captured_at, fragments }: PlayableSegment, start: number): number =>
  Math.max(
    0,
    fragments.findLastIndex(({ start_ms }) => Date.parse(captured_at) + start_ms <= start),
  );

/** The first group of pictures alone, so that it is on the glass before the rest has come. */
const rangesOf = ({ fragments }: PlayableSegment, index: number, isFirst: boolean): { from: number; to: number }[] => {
  const [first, second, last] = [fragments[index], fragments[index + 1], fragments.at(-1)];
  if (!first || !last) return [];
  const end = last.offset + last.length;
  if (!isFirst || !second) return [{ from: first.offset, to: end }];
  return [
    { from: first.offset, to: second.offset },
    { from: second.offset, to: end },
  ];
};

const bufferFor = (open: Open, mime: string): SourceBuffer => {
  if (!open.buffer) open.buffer = open.media.addSourceBuffer(mime);
  else if (open.mime !== mime) open.buffer.changeType(mime);
  open.mime = mime;
  return open.buffer;
};

const appended = (buffer: SourceBuffer, bytes: Uint8Array<ArrayBuffer>): Promise<void> => {
  buffer.appendBuffer(bytes);
  return settled(buffer);
};

const settled = (buffer: SourceBuffer): Promise<void> =>
  new Promise((resolve, reject) => {
    if (!buffer.updating) return resolve();
    const done = (event: Event): void => {
      for (const name of ["updateend", "error"]) buffer.removeEventListener(name, done);
      if (event.type === "error") reject(new Error("The player refused the media"));
      else resolve();
    };
    for (const name of ["updateend", "error"]) buffer.addEventListener(name, done);
  });

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A server that does not know ranges answers the whole object. */
export const fetchRange = async (url: string, from: number, to: number): Promise<Uint8Array<ArrayBuffer>> => {
  const response = await fetch(url, { headers: { range: `bytes=${from}-${to - 1}` } });
  if (!response.ok) throw new Error(`The recording answered ${response.status}`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  return response.status === 206 ? bytes : bytes.subarray(from, to);
};
