import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import type { Camera } from "#functions/cidades/contract.ts";
import type { Timeline } from "#functions/streaming/contract.ts";
import type { Ask } from "#console/session/session-context.tsx";
import type { Bounds } from "./days.ts";
import type { Gap, Span } from "./geometry.ts";

/** `to` of a gap that nobody has ended yet is the end of its day. */
export type Line = { day: Bounds; spans: Span[]; gaps: Gap[]; truncated_at: number | null; kept_since: number };

/** `now`: server time; a day that is over does not change. */
export const timelineQuery = (ask: Ask, camera_id: string, day: Bounds, now: number) =>
  queryOptions({
    queryKey: ["timeline", camera_id, day.from],
    queryFn: async ({ signal }) =>
      lineOf(
        await ask(
          "read-timeline",
          { camera_id, from: new Date(day.from).toISOString(), to: new Date(day.to).toISOString() },
          { signal },
        ),
        day,
      ),
    // What plays over midnight plays on while the next day is asked for.
    placeholderData: keepPreviousData,
    refetchInterval: day.to > now ? 5000 : false,
  });

const lineOf = ({ spans, gaps, truncated_at, kept_since }: Timeline, day: Bounds): Line => ({
  day,
  spans: spans.map(({ starts_at, ends_at }) => ({ from: Date.parse(starts_at), to: Date.parse(ends_at) })),
  gaps: gaps.map(({ starts_at, ends_at, cause }) => ({
    from: Date.parse(starts_at),
    to: ends_at === null ? day.to : Date.parse(ends_at),
    cause,
  })),
  truncated_at: truncated_at === null ? null : Date.parse(truncated_at),
  kept_since: Date.parse(kept_since),
});

/** A segment takes some ten seconds to be finished and handed in. */
const HANDED_IN_MS = 30_000;

/** A hole is told by the server when it has ended; until then the camera's own state says why. */
export const withRunningGap = (
  line: Line,
  camera: Pick<Camera, "status" | "status_cause" | "recording">,
  now: number,
): Line => {
  const { day, spans, gaps } = line;
  const last = spans.at(-1);
  const end = Math.min(now, day.to);
  // What comes after is not known here, which is no gap.
  if (line.truncated_at !== null) return line;
  const isTold = gaps.some(({ to }) => to >= end);
  if (!last || isTold || end - last.to < HANDED_IN_MS) return line;
  const isToday = now < day.to;
  return { ...line, gaps: [...gaps, { from: last.to, to: day.to, cause: isToday ? causeOf(camera) : null }] };
};

const causeOf = ({
  status,
  status_cause,
  recording,
}: Pick<Camera, "status" | "status_cause" | "recording">): string | null => {
  if (status === "DISCO_CHEIO" || status_cause === "disk_reserve") return "disk";
  if (status_cause === "agent_away") return "agent";
  if (status === "OFFLINE" || status === "PARADA") return "camera";
  return status === "INATIVA" || !recording ? "operator" : null;
};
