/** Plays a camera's recording from an instant on: signed segments, read in ranges, through one MediaSource. */
import type { PlayableSegment } from "#functions/streaming/contract.ts";
import { readFragmentTime, readTimescale } from "#console/live/fragments.ts";
import { createAttachment } from "#console/live/tile-player.ts";
import { createMediaTimes, placeOf, type MediaTimes } from "./media-times.ts";

export type PlaybackState = "loading" | "playing" | "paused" | "waiting" | "ended" | "failed" | "unplayable";

export type RecordedPlayerNeeds = {
  list(from: number, to: number): Promise<readonly PlayableSegment[]>;
  bytes(url: string, from: number, to: number): Promise<Uint8Array<ArrayBuffer>>;
  /** The instant itself where there is video, else where video begins again; null when nothing follows. */
  next(ms: number): number | null;
  onState(state: PlaybackState, error?: unknown): void;
  onTime(wall_ms: number): void;
  /** The player went from one end of a hole to the other. */
  onGap(from: number, to: number): void;
};

export type RecordedPlayer = {
  /** Plays from there. */
  seek(wall_ms: number): void;
  stop(): void;
};

const AHEAD_SECONDS = 25;
const BEHIND_SECONDS = 60;
const WINDOW_MS = 120_000;
const LOOK_MS = 200;
const AGAIN_MS = 4000;

type Run = {
  source: MediaSource;
  buffer: SourceBuffer | null;
  times: MediaTimes;
  base: number | null;
  start: number;
  isStarted: boolean;
  ended: boolean;
};

export const createRecordedPlayer = (video: HTMLVideoElement, needs: RecordedPlayerNeeds): RecordedPlayer => {
  const attachment = createAttachment(video);
  let run: Run | null = null;
  let timer: ReturnType<typeof setInterval> | null = null;

  const begin = (wall_ms: number): void => {
    if (run) run.ended = true;
    const source = new MediaSource();
    const mine: Run = { source, buffer: null, times: createMediaTimes(), base: null, start: wall_ms, isStarted: false, ended: false };
    run = mine;
    needs.onState("loading");
    source.addEventListener("sourceopen", () => void fill(mine, video, needs), { once: true });
    attachment.attach(source);
    timer ??= setInterval(() => run && look(run, video, needs), LOOK_MS);
  };
  return {
    seek(wall_ms) {
      const media = run?.times.mediaAt(wall_ms) ?? null;
      if (!run || media === null || !isBuffered(video, media)) return begin(wall_ms);
      video.currentTime = media;
      needs.onTime(wall_ms);
    },
    stop() {
      if (run) run.ended = true;
      if (timer) clearInterval(timer);
      attachment.detach();
    },
  };
};

const isBuffered = ({ buffered }: HTMLVideoElement, media: number): boolean => {
  for (let index = 0; index < buffered.length; index++)
    if (buffered.start(index) <= media && media < buffered.end(index)) return true;
  return false;
};

/** Loads until told to end; always a little ahead of the playhead. */
const fill = async (run: Run, video: HTMLVideoElement, needs: RecordedPlayerNeeds): Promise<void> => {
  let cursor = run.start;
  const loaded = new Set<string>();
  while (!run.ended) {
    try {
      const from = needs.next(cursor);
      const found = from === null ? [] : await needs.list(from, from + WINDOW_MS);
      const fresh = found.filter(({ id }) => !loaded.has(id));
      if (fresh.length === 0) {
        if (!run.isStarted) needs.onState("ended");
        await pause(AGAIN_MS);
        continue;
      }
      for (const segment of fresh) {
        await roomFor(run, video);
        if (run.ended) return;
        await append(run, segment, needs);
        loaded.add(segment.id);
        cursor = Date.parse(segment.wall_end);
      }
    } catch (error) {
      if (run.ended) return;
      const isUnplayable = error instanceof DOMException && error.name === "NotSupportedError";
      needs.onState(isUnplayable ? "unplayable" : "failed", error);
      if (isUnplayable) return;
      await pause(AGAIN_MS);
    }
  }
};

const roomFor = async (run: Run, video: HTMLVideoElement): Promise<void> => {
  while (!run.ended && run.isStarted && bufferedEnd(run) - video.currentTime > AHEAD_SECONDS) await pause(LOOK_MS);
  const { buffer } = run;
  if (!buffer || run.ended || buffer.buffered.length === 0) return;
  const old = video.currentTime - BEHIND_SECONDS;
  if (old - buffer.buffered.start(0) > BEHIND_SECONDS) {
    buffer.remove(0, old);
    await settled(buffer);
  }
};

const bufferedEnd = ({ buffer }: Run): number =>
  buffer && buffer.buffered.length > 0 ? buffer.buffered.end(buffer.buffered.length - 1) : 0;

const append = async (run: Run, segment: PlayableSegment, needs: RecordedPlayerNeeds): Promise<void> => {
  const captured = Date.parse(segment.captured_at);
  // Only the first segment is entered in the middle: at the last key frame before the instant that was asked for.
  const index = run.base === null ? Math.max(0, segment.fragments.findLastIndex(({ start_ms }) => captured + start_ms <= run.start)) : 0;
  const first = segment.fragments[index];
  const last = segment.fragments.at(-1);
  if (!first || !last) return;
  const init = await needs.bytes(segment.url, 0, segment.init_length);
  const media = await needs.bytes(segment.url, first.offset, last.offset + last.length);
  if (run.ended || run.source.readyState !== "open") return;
  const wall_from = captured + first.start_ms;
  run.base ??= wall_from;
  const timescale = readTimescale(init);
  const time = readFragmentTime(media);
  if (!timescale || !time) return;
  const previous = run.buffer && run.buffer.buffered.length > 0 ? bufferedEnd(run) : null;
  const place = placeOf(wall_from, run.base, previous);
  const buffer = bufferFor(run, `video/mp4; codecs="${segment.codec}"`);
  buffer.timestampOffset = place - time.decode_time / timescale;
  buffer.appendBuffer(init);
  await settled(buffer);
  buffer.appendBuffer(media);
  await settled(buffer);
  run.times.add({ media_from: place, media_to: bufferedEnd(run), wall_from });
  needs.onState(run.isStarted ? "playing" : "loading");
};

const bufferFor = (run: Run, mime: string): SourceBuffer => {
  if (!run.buffer) run.buffer = run.source.addSourceBuffer(mime);
  else run.buffer.changeType(mime);
  return run.buffer;
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

const look = (run: Run, video: HTMLVideoElement, needs: RecordedPlayerNeeds): void => {
  const { buffered } = video;
  if (run.ended || buffered.length === 0) return;
  if (!run.isStarted) {
    const wanted = run.times.mediaAt(run.start) ?? buffered.start(0);
    run.isStarted = true;
    video.currentTime = Math.max(wanted, buffered.start(0));
    const wall = run.times.wallAt(video.currentTime);
    if (wall !== null && wall - run.start > 1500) needs.onGap(run.start, wall);
    void video.play().catch(() => undefined);
    return;
  }
  leap(run, video, needs);
  const wall = run.times.wallAt(video.currentTime);
  if (wall !== null) needs.onTime(wall);
  const isDry = bufferedEnd(run) - video.currentTime < 0.1;
  needs.onState(video.paused ? "paused" : isDry ? "waiting" : "playing");
};

/** From the end of one loaded range to the beginning of the next. */
const leap = (run: Run, video: HTMLVideoElement, needs: RecordedPlayerNeeds): void => {
  const { buffered, currentTime } = video;
  for (let index = 0; index + 1 < buffered.length; index++) {
    const end = buffered.end(index);
    const next = buffered.start(index + 1);
    if (currentTime < end - 0.08 || currentTime >= next) continue;
    const [from, to] = [run.times.wallAt(end), run.times.wallAt(next + 0.01)];
    video.currentTime = next + 0.01;
    if (from !== null && to !== null) needs.onGap(from, to);
    return;
  }
};

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A server that does not know ranges answers the whole object. */
export const fetchRange = async (url: string, from: number, to: number): Promise<Uint8Array<ArrayBuffer>> => {
  const response = await fetch(url, { headers: { range: `bytes=${from}-${to - 1}` } });
  if (!response.ok) throw new Error(`The recording answered ${response.status}`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  return response.status === 206 ? bytes : bytes.subarray(from, to);
};
