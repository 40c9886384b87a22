/** One clip: what was asked, what is in the file and what is missing in it, its hash, and the ways to see it. */
import { useState } from "react";
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Download, Film, Play } from "lucide-react";
import type { Clip } from "#functions/streaming/contract.ts";
import { useMessages } from "#console/messages/language.tsx";
import { useAsk } from "#console/session/session-context.tsx";
import { bytesText, clockText, dayText, durationText, secondsText } from "#console/ui/format.ts";
import { Mark, type MarkKind } from "#console/ui/mark.tsx";
import { Action, Sheet } from "#console/ui/parts.tsx";
import { Problem } from "#console/ui/states.tsx";
import { causeWord } from "./gap-words.ts";

/** `heading`: the level below that of the list it stands in. */
type Props = { clip: Clip; zone: string; camera: string | null; heading: "h2" | "h3" };

const kinds: Record<Clip["status"], MarkKind> = {
  PENDING: "selection",
  CUTTING: "selection",
  READY: "normal",
  FAILED: "critical",
};

export const ClipCard = ({ clip, zone, camera, heading: Heading }: Props) => {
  const m = useMessages();
  const name = clip.nome ?? m.clips.untitled;
  return (
    <li className="clip" data-testid="clip" data-clip-id={clip.id} data-status={clip.status}>
      <Thumbnail clip={clip} name={name} />
      <div className="clip-body">
        <div className="clip-head">
          <Heading>{name}</Heading>
          <span aria-live="polite" data-testid="clip-status">
            <Mark kind={kinds[clip.status]}>{m.clips.status[clip.status]}</Mark>
          </span>
        </div>
        {camera === null ? null : <p className="dim">{camera}</p>}
        <ClipFacts clip={clip} zone={zone} />
        {clip.status === "FAILED" ? (
          <p className="field-error">{m.clips.failures[clip.failure ?? "clip.failed"]}</p>
        ) : null}
        <ClipActions clip={clip} name={name} />
      </div>
    </li>
  );
};

const Thumbnail = ({ clip, name }: { clip: Clip; name: string }) => {
  const m = useMessages();
  const [broken, setBroken] = useState<string | null>(null);
  const url = clip.thumbnail_url;
  return (
    <div className="clip-picture">
      {url === null || url === broken ? (
        <Film size={24} aria-hidden="true" />
      ) : (
        <img src={url} alt={m.clips.thumbnail(name)} loading="lazy" onError={() => setBroken(url)} />
      )}
    </div>
  );
};

const ClipFacts = ({ clip, zone }: { clip: Clip; zone: string }) => {
  const m = useMessages();
  const between = (from: string, to: string): string => {
    const [start, end] = [Date.parse(from), Date.parse(to)];
    return `${clockText(m.locale, zone, start)} – ${clockText(m.locale, zone, end)} · ${durationText(end - start)}`;
  };
  const early = clip.actual_start === null ? 0 : Date.parse(clip.start_time) - Date.parse(clip.actual_start);
  return (
    <dl className="facts clip-facts">
      <dt>{m.clips.asked}</dt>
      <dd data-testid="clip-asked">
        {dayText(m.locale, zone, Date.parse(clip.start_time))} {between(clip.start_time, clip.end_time)}
      </dd>
      {clip.actual_start !== null && clip.actual_end !== null ? (
        <>
          <dt>{m.clips.actual}</dt>
          <dd data-testid="clip-actual">
            {between(clip.actual_start, clip.actual_end)}
            {early > 50 ? <span className="dim"> {m.clips.keyFrame(secondsText(m.locale, early))}</span> : null}
          </dd>
        </>
      ) : null}
      {clip.gaps.length > 0 ? (
        <>
          <dt>{m.clips.missing}</dt>
          <dd data-testid="clip-gaps">
            {clip.gaps.map((gap) => (
              <span key={gap.starts_at} className="clip-gap">
                {between(gap.starts_at, gap.ends_at)} · {m.timeline.gapCauses[causeWord(gap.cause)]}
              </span>
            ))}
          </dd>
        </>
      ) : null}
      {clip.sha256 === null ? null : (
        <>
          <dt>{m.clips.hash}</dt>
          <dd className="mono hash" data-testid="clip-sha256">
            {clip.sha256}
          </dd>
        </>
      )}
    </dl>
  );
};

const ClipActions = ({ clip, name }: { clip: Clip; name: string }) => {
  const m = useMessages();
  const ask = useAsk();
  const [watched, setWatched] = useState<string | null>(null);
  const fetched = useMutation({ mutationFn: () => ask("download-clip", { id: clip.id }) });
  const download = async (): Promise<void> => saveAs(await fetched.mutateAsync());
  const watch = async (): Promise<void> => setWatched((await fetched.mutateAsync()).url);
  const isReady = clip.status === "READY";
  return (
    <>
      <div className="actions">
        {isReady ? (
          <>
            <Action isDisabled={fetched.isPending} onPress={() => void download().catch(() => undefined)}>
              <Download size={16} aria-hidden="true" />
              {m.clips.download}
              {clip.bytes === null ? null : <span className="dim">{bytesText(m.locale, clip.bytes)}</span>}
            </Action>
            <Action kind="quiet" isDisabled={fetched.isPending} onPress={() => void watch().catch(() => undefined)}>
              <Play size={16} aria-hidden="true" />
              {m.clips.watch}
            </Action>
          </>
        ) : null}
        <Link
          to="/cameras/$cameraId"
          params={{ cameraId: clip.camera_id }}
          search={(before) => ({ ...before, at: clip.start_time, day: undefined })}
          className="action action-quiet"
        >
          {m.clips.show}
        </Link>
      </div>
      {fetched.error ? <Problem error={fetched.error} /> : null}
      <Sheet title={name} isOpen={watched !== null} onClose={() => setWatched(null)} wide>
        {/* oxlint-disable-next-line jsx-a11y/media-has-caption -- a camera's picture: nothing is said in it */}
        {watched === null ? null : (
          <video className="clip-video" src={watched} controls autoPlay muted playsInline aria-label={name} />
        )}
      </Sheet>
    </>
  );
};

/** The address is signed for this file alone and names it. */
const saveAs = ({ url, filename }: { url: string; filename: string }): void => {
  const link = document.createElement("a");
  link.href = url;
  link.download = filename;
  link.click();
};
