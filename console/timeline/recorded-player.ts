/** Plays a camera's recording in one video element: goes to instants, over holes, and says which instant is on the glass. */
import { createAttachment } from "#console/live/attachment.ts";
import { leapOver } from "./geometry.ts";
import { openRecordedSource, type RecordedSource, type SourceNeeds } from "./recorded-source.ts";

/** `waiting`: at the end of what there is; goes on when more has been recorded. */
export type PlaybackState = "loading" | "playing" | "paused" | "waiting" | "nothing" | "failed" | "unplayable";

export type RecordedPlayerNeeds = Pick<SourceNeeds, "list" | "bytes" | "next"> & {
  onState(state: PlaybackState, error?: unknown): void;
  /** Wall time of the picture that is on the glass now. */
  onTime(wall_ms: number): void;
  /** The player went from one end of a hole to the other. */
  onGap(from: number, to: number): void;
};

export type RecordedPlayer = {
  /** Goes there; plays on or stays paused as before. */
  seek(wall_ms: number): void;
  play(): void;
  pause(): void;
  setSpeed(rate: number): void;
  stop(): void;
};

const AHEAD_SECONDS = 25;
const LOOK_MS = 200;
/** Holes shorter than this are rounding between segments, not worth a word. */
const SILENT_GAP_MS = 1500;

type Session = { source: RecordedSource | null; begun: boolean; wantsPlay: boolean; speed: number };

export const createRecordedPlayer = (video: HTMLVideoElement, needs: RecordedPlayerNeeds): RecordedPlayer => {
  const attachment = createAttachment(video);
  const session: Session = { source: null, begun: false, wantsPlay: true, speed: 1 };

  const begin = (wall_ms: number): void => {
    session.source?.close();
    session.begun = false;
    needs.onState("loading");
    const source = openRecordedSource(wall_ms, {
      ...needs,
      position: () => (session.begun ? video.currentTime : null),
      ahead: () => AHEAD_SECONDS * session.speed,
      onState: (state, error) => {
        if (session.source === source) needs.onState(state, error);
      },
    });
    session.source = source;
    attachment.attach(source.media);
    // A newly attached medium plays at its own speed.
    video.playbackRate = session.speed;
  };
  const onPresented = (_now: number, { mediaTime }: VideoFrameCallbackMetadata): void => {
    handle = video.requestVideoFrameCallback(onPresented);
    const wall = session.begun ? session.source?.times.wallAt(mediaTime) : null;
    if (wall) needs.onTime(wall);
  };
  let handle = video.requestVideoFrameCallback(onPresented);
  const timer = setInterval(() => look(session, video, needs), LOOK_MS);
  return {
    seek(wall_ms) {
      const media = session.source?.times.mediaAt(wall_ms) ?? null;
      if (!session.begun || media === null || !isBuffered(video, media)) return begin(wall_ms);
      video.currentTime = media;
    },
    play() {
      session.wantsPlay = true;
      if (session.begun) playQuietly(video);
    },
    pause() {
      session.wantsPlay = false;
      video.pause();
    },
    setSpeed(rate) {
      session.speed = rate;
      video.playbackRate = rate;
    },
    stop() {
      session.source?.close();
      clearInterval(timer);
      video.cancelVideoFrameCallback(handle);
      attachment.detach();
    },
  };
};

/** A play that is overtaken by the next attachment is refused, which is no fault. */
const playQuietly = (video: HTMLVideoElement): void => void video.play().catch(() => undefined);

const isBuffered = ({ buffered }: HTMLVideoElement, media: number): boolean => {
  for (let index = 0; index < buffered.length; index++)
    if (buffered.start(index) <= media && media < buffered.end(index)) return true;
  return false;
};

const look = (session: Session, video: HTMLVideoElement, needs: RecordedPlayerNeeds): void => {
  const { source } = session;
  const end = source?.end() ?? null;
  if (!source || end === null || video.buffered.length === 0) return;
  if (!session.begun) return start(session, source, video, needs);
  leap(source, video, needs);
  const left = end - video.currentTime;
  const isDry = left < 0.1 || (video.readyState < video.HAVE_FUTURE_DATA && !video.seeking && left < 1);
  needs.onState(!session.wantsPlay ? "paused" : !isDry ? "playing" : source.isLast() ? "waiting" : "loading");
};

const start = (session: Session, source: RecordedSource, video: HTMLVideoElement, needs: RecordedPlayerNeeds): void => {
  const first = video.buffered.start(0);
  session.begun = true;
  video.currentTime = Math.max(source.times.mediaAt(source.start) ?? first, first);
  const wall = source.times.wallAt(video.currentTime);
  if (wall !== null && wall - source.start > SILENT_GAP_MS) needs.onGap(source.start, wall);
  if (session.wantsPlay) playQuietly(video);
};

/** From the end of one loaded range to the beginning of the next. */
const leap = ({ times }: RecordedSource, video: HTMLVideoElement, needs: RecordedPlayerNeeds): void => {
  const ranges = Array.from({ length: video.buffered.length }, (_, index) => ({
    from: video.buffered.start(index),
    to: video.buffered.end(index),
  }));
  const isStuck = video.readyState < video.HAVE_FUTURE_DATA;
  const over = leapOver(ranges, video.currentTime, isStuck);
  if (!over) return;
  const [from, to] = [times.wallAt(over.from), times.wallAt(over.to)];
  video.currentTime = over.to;
  if (from !== null && to !== null && to - from > SILENT_GAP_MS) needs.onGap(from, to);
};
