/** Picture, controls and line of one camera, and the clips that are made of it. */
import { useRef, useState, type RefObject } from "react";
import { useQuery } from "@tanstack/react-query";
import type { Camera } from "#functions/cidades/contract.ts";
import { Tile } from "#console/live/tile.tsx";
import { useNow } from "#console/live/use-now.ts";
import { useAsk, useMay } from "#console/session/session-context.tsx";
import { useMessages } from "#console/messages/language.tsx";
import { clockText, dayText } from "#console/ui/format.ts";
import { Answer } from "#console/ui/states.tsx";
import { ClipForm } from "./clip-form.tsx";
import { ClipList } from "./clip-list.tsx";
import { controlsOf, type Controls } from "./controls.ts";
import { dayOf, fromLocal } from "./days.ts";
import type { Span } from "./geometry.ts";
import { GapList } from "./gap-list.tsx";
import { RecordedStage } from "./recorded-stage.tsx";
import { timelineQuery, withRunningGap, type Line } from "./timeline-query.ts";
import { TimelineStrip, type StripProps } from "./timeline-strip.tsx";
import { DayChoice, GoToTime, Transport, ZoomChoice } from "./transport.tsx";
import { useCameraView, type CameraView } from "./use-camera-view.ts";
import { useTimelineKeys } from "./use-timeline-keys.ts";
import { useTimelineView } from "./use-timeline-view.ts";

const nothing = { spans: [], gaps: [], truncated_at: null, kept_since: 0 };

type Props = { camera: Camera; zone: string };

export const CameraTimeline = ({ camera, zone }: Props) => {
  const { shown, timeline, line, now, view, speed, setSpeed, range, setRange, controls, timeField, clipButton } =
    useCameraTimeline(camera, zone);
  return (
    <div className="camera">
      <div className="camera-main">
        <Picture isLoaded={timeline.data !== undefined} {...{ camera, zone, shown, speed, line }} />
        <div className="camera-tools">
          <PlayTools shown={shown} controls={controls} speed={speed} onSpeed={setSpeed} />
          <GoToTime field={timeField} onGo={(time) => controls.seek(fromLocal(`${shown.day}T${time}`, zone))} />
          <DayChoice day={shown.day} today={dayOf(now, zone)} onDay={shown.showDay} />
          <ZoomChoice view={view} />
        </div>
        <Answer of={timeline}>
          {() => (
            <DayLine
              camera_name={camera.nome}
              {...{ line, zone, now, view, range }}
              day={shown.bounds}
              playhead={shown.playhead}
              onRange={setRange}
              onSeek={controls.seek}
            />
          )}
        </Answer>
        <Help />
      </div>
      <ClipSide {...{ camera, zone, range, now }} button={clipButton} onRange={setRange} onMark={controls.mark} />
    </div>
  );
};

const useCameraTimeline = (camera: Camera, zone: string) => {
  const ask = useAsk();
  const [opened] = useState(Date.now);
  const now = useNow() ?? opened;
  const shown = useCameraView(camera.id, zone, now);
  const timeline = useQuery(timelineQuery(ask, camera.id, shown.bounds, now));
  const line = timeline.data ? withRunningGap(timeline.data, camera, now) : { ...nothing, day: shown.bounds };
  const view = useTimelineView(shown.bounds, shown.playhead, now);
  const [speed, setSpeed] = useState(1);
  const [range, setRange] = useState<Span | null>(null);
  const timeField = useRef<HTMLInputElement>(null);
  const clipButton = useRef<HTMLButtonElement>(null);
  const controls = controlsOf({ shown, view, line, now, range, setRange, speed, setSpeed });
  useTimelineKeys((action) => {
    if (action.type === "goTo") timeField.current?.focus();
    else if (action.type === "export") clipButton.current?.focus();
    else controls.act(action);
  });
  return { shown, timeline, line, now, view, speed, setSpeed, range, setRange, controls, timeField, clipButton };
};

const Help = () => {
  const m = useMessages();
  return (
    <details className="keys-help">
      <summary>{m.timeline.keys}</summary>
      <p id="timeline-help" className="dim small">
        {m.timeline.help}
      </p>
    </details>
  );
};

type ToolProps = { shown: CameraView; controls: Controls; speed: number; onSpeed(speed: number): void };

const PlayTools = ({ shown, controls, speed, onSpeed }: ToolProps) => (
  <Transport
    isLive={shown.at === null}
    isPlaying={shown.isPlaying}
    speed={speed}
    mayLive={useMay()("live.view")}
    onToggle={() => controls.act({ type: "toggle" })}
    onStep={(ms) => controls.act({ type: "step", ms })}
    onSpeed={onSpeed}
    onLive={shown.goLive}
  />
);

const DayLine = (props: StripProps) => {
  const m = useMessages();
  const { line, zone, now, onSeek } = props;
  return (
    <>
      <TimelineStrip {...props} />
      {line.spans.length === 0 ? (
        <p className="notice notice-attention" data-testid="day-empty">
          {m.timeline.none}. {m.timeline.noneHint}
        </p>
      ) : null}
      {line.truncated_at === null ? null : (
        <p className="notice notice-attention" data-testid="day-truncated">
          {m.timeline.truncated(clockText(m.locale, zone, line.truncated_at))}
        </p>
      )}
      <div className="strip-foot">
        <GapList line={line} zone={zone} now={now} onSeek={onSeek} />
        <p className="dim small">
          {m.timeline.zone(zone)} · {m.timeline.kept(dayText(m.locale, zone, line.kept_since))}
        </p>
      </div>
    </>
  );
};

type SideProps = {
  camera: Camera;
  zone: string;
  range: Span | null;
  now: number;
  button: RefObject<HTMLButtonElement | null>;
  onRange(range: Span | null): void;
  onMark(edge: "from" | "to"): void;
};

const ClipSide = ({ camera, zone, ...form }: SideProps) => {
  const m = useMessages();
  const may = useMay();
  return (
    <div className="camera-side">
      {may("clips.create") ? (
        <section className="panel" aria-labelledby="clip-new">
          <h2 id="clip-new">{m.clips.new}</h2>
          <ClipForm camera_id={camera.id} zone={zone} {...form} />
        </section>
      ) : null}
      <section className="camera-clips" aria-labelledby="clips-here">
        <h2 id="clips-here">{m.clips.ofCamera}</h2>
        <ClipList
          cidade_id={camera.cidade_id}
          camera_id={camera.id}
          zone={zone}
          limit={5}
          heading="h3"
          emptyHint={m.clips.emptyHere}
          nameOf={noName}
        />
      </section>
    </div>
  );
};

/** The page is about one camera: its name on every clip says nothing. */
const noName = (): null => null;

type PictureProps = { camera: Camera; zone: string; shown: CameraView; speed: number; line: Line; isLoaded: boolean };

const Picture = ({ camera, zone, shown, speed, line, isLoaded }: PictureProps) => {
  const m = useMessages();
  const may = useMay();
  const { at, playhead, onPlayer, isPlaying, goLive, skipped, setSkipped } = shown;
  if (at === null && !may("live.view")) return <div className="stage stage-empty">{m.timeline.choose}</div>;
  if (at === null) {
    return (
      <div className="stage-box">
        <Tile camera={camera} isLink={false} />
      </div>
    );
  }
  // Where recordings are is needed before one can be looked for.
  if (!isLoaded) return <div className="stage stage-empty">{m.common.loading}</div>;
  return (
    <RecordedStage
      camera_id={camera.id}
      name={camera.nome}
      from={at}
      onLive={goLive}
      onSkip={setSkipped}
      {...{ skipped, zone, speed, isPlaying, line, playhead, onPlayer }}
    />
  );
};
