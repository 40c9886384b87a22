/** The day's gaps in words: what the hatching on the line says, for everybody. */
import { useMessages } from "#console/messages/language.tsx";
import { clockText, durationText } from "#console/ui/format.ts";
import { Action } from "#console/ui/parts.tsx";
import { causeWord } from "./gap-words.ts";
import type { Line } from "./timeline-query.ts";

type Props = { line: Line; zone: string; now: number; onSeek(ms: number): void };
/** What is before it is the last thing that was seen. */
const BEFORE_MS = 5000;

export const GapList = ({ line, zone, now, onSeek }: Props) => {
  const m = useMessages();
  const gaps = line.gaps.filter(({ from }) => from < now);
  if (gaps.length === 0) return null;
  return (
    <details className="gap-list" data-testid="gap-list">
      <summary>{m.timeline.gaps(gaps.length)}</summary>
      <ul>
        {gaps.map(({ from, to, cause }) => (
          <li key={`${from} ${cause}`}>
            <Action kind="quiet" onPress={() => onSeek(from - BEFORE_MS)}>
              <span className="mono">{clockText(m.locale, zone, from)}</span>
              {to > now ? m.timeline.gapLasts(durationText(now - from)) : durationText(to - from)} ·{" "}
              {m.timeline.gapCauses[causeWord(cause)]}
            </Action>
          </li>
        ))}
      </ul>
    </details>
  );
};
