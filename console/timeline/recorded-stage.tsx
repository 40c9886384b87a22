/** The recorded picture, with its own time on it, and a word about whatever is not there. */
import { useEffect, useEffectEvent, useRef, useState, type RefObject } from "react";
import { useMessages } from "#console/messages/language.tsx";
import { useAsk } from "#console/session/session-context.tsx";
import { clockText, dayText, durationText } from "#console/ui/format.ts";
import { Action } from "#console/ui/parts.tsx";
import { Problem } from "#console/ui/states.tsx";
import type { Store } from "#console/ui/store.ts";
import { causeWord } from "./gap-words.ts";
import { gapAt, nextRecorded, type Span } from "./geometry.ts";
import { createRecordedPlayer, type PlaybackState, type RecordedPlayer } from "./recorded-player.ts";
import { fetchRange } from "./recorded-source.ts";
import type { Line } from "./timeline-query.ts";

type Props = {
  camera_id: string;
  name: string;
  zone: string;
  /** Where to begin; later instants are asked of the player itself. */
  from: number;
  speed: number;
  isPlaying: boolean;
  line: Line;
  playhead: Store<number | null>;
  skipped: Span | null;
  onSkip(span: Span | null): void;
  /** Null when it has gone. */
  onPlayer(player: RecordedPlayer | null): void;
  onLive(): void;
};

type Shown = { state: PlaybackState; error?: unknown };
const NOTICE_MS = 8000;

export const RecordedStage = (props: Props) => {
  const { name, line, speed, isPlaying, skipped, onSkip } = props;
  const video = useRef<HTMLVideoElement>(null);
  const [{ state, error }, setShown] = useState<Shown>({ state: "loading" });
  const player = usePlayer(props, video, setShown);
  useEffect(() => player.current?.setSpeed(speed), [player, speed]);
  useEffect(() => (isPlaying ? player.current?.play() : player.current?.pause()), [player, isPlaying]);
  useEffect(() => {
    if (!skipped) return;
    const timer = setTimeout(() => onSkip(null), NOTICE_MS);
    return () => clearTimeout(timer);
  }, [skipped, onSkip]);
  return (
    <div className="stage" data-testid="recorded" data-state={state}>
      <video ref={video} muted playsInline disablePictureInPicture tabIndex={-1} aria-label={name} />
      {state === "nothing" ? null : <PictureClock {...props} />}
      <div className="stage-words">
        <StageWord state={state} onLive={props.onLive} />
        {skipped ? <SkipNotice skipped={skipped} line={line} zone={props.zone} /> : null}
        {state === "failed" ? <Problem error={error} /> : null}
      </div>
    </div>
  );
};

const usePlayer = (
  { camera_id, from, line, playhead, onSkip, onPlayer }: Props,
  video: RefObject<HTMLVideoElement | null>,
  show: (shown: Shown) => void,
): RefObject<RecordedPlayer | null> => {
  const ask = useAsk();
  const player = useRef<RecordedPlayer>(null);
  const next = useEffectEvent((ms: number) => nextOn(line, ms));
  const begin = useEffectEvent((made: RecordedPlayer) => {
    onPlayer(made);
    made.seek(from);
  });
  const end = useEffectEvent(() => onPlayer(null));
  useEffect(() => {
    const element = video.current;
    if (!element) return;
    const made = createRecordedPlayer(element, {
      list: async (start, end) => (await ask("list-segments", windowOf(camera_id, start, end))).segments,
      bytes: fetchRange,
      next: (ms) => next(ms),
      onState: (state, error) => show({ state, error }),
      onTime: (ms) => playhead.set(ms),
      onGap: (start, end) => onSkip({ from: start, to: end }),
    });
    player.current = made;
    begin(made);
    return () => {
      player.current = null;
      end();
      made.stop();
    };
  }, [camera_id, ask, playhead, video, show, onSkip]);
  return player;
};

/** Of a day whose line is not here yet: before it one waits, after it the server is asked. */
const nextOn = ({ day, spans }: Line, ms: number): number | null => {
  if (ms >= day.to) return ms;
  return ms < day.from ? null : nextRecorded(spans, ms);
};

const windowOf = (camera_id: string, from: number, to: number) => ({
  camera_id,
  from: new Date(from).toISOString(),
  to: new Date(to).toISOString(),
});

/** The time of the picture on the glass, written past React: it changes with every picture. */
const PictureClock = ({ zone, playhead }: Props) => {
  const m = useMessages();
  const clock = useRef<HTMLTimeElement>(null);
  useEffect(() => {
    const write = (): void => {
      const at = playhead.get();
      if (!clock.current || at === null) return;
      const text = `${dayText(m.locale, zone, at)} ${clockText(m.locale, zone, at)}`;
      if (clock.current.textContent !== text) clock.current.textContent = text;
      clock.current.dataset["ms"] = String(Math.round(at));
    };
    write();
    return playhead.subscribe(write);
  }, [m, zone, playhead]);
  return (
    <p className="stage-clock">
      <span>{m.timeline.recordedTag}</span>
      <time ref={clock} className="mono" data-testid="picture-clock" />
    </p>
  );
};

const StageWord = ({ state, onLive }: { state: PlaybackState; onLive(): void }) => {
  const m = useMessages();
  const words: Partial<Record<PlaybackState, string>> = {
    loading: m.common.loading,
    nothing: m.timeline.noneAt,
    waiting: m.timeline.end,
    unplayable: m.timeline.unplayable,
  };
  const word = words[state];
  if (word === undefined) return null;
  return (
    <p className="stage-word" role="status">
      {word}
      {state === "waiting" || state === "nothing" ? <Action onPress={onLive}>{m.timeline.toLive}</Action> : null}
    </p>
  );
};

const SkipNotice = ({ skipped, line, zone }: { skipped: Span; line: Line; zone: string }) => {
  const m = useMessages();
  const told = gapAt(line.gaps, (skipped.from + skipped.to) / 2);
  const { from, to } = told ?? skipped;
  const word = m.timeline.gapCauses[causeWord(told?.cause ?? null)];
  const text =
    skipped.to < skipped.from
      ? m.timeline.notYet
      : m.timeline.jumped(
          durationText(to - from),
          word,
          clockText(m.locale, zone, from),
          clockText(m.locale, zone, to),
        );
  return (
    <p className="stage-word stage-gap" role="status" data-testid="gap-notice">
      {text}
    </p>
  );
};
