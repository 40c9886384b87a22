import { queryOptions } from "@tanstack/react-query";
import type { Camera } from "#functions/cidades/contract.ts";
import type { Timeline } from "#functions/streaming/contract.ts";
import type { Ask } from "#console/session/session-context.tsx";
import type { Bounds } from "./days.ts";
import type { Gap, Span } from "./geometry.ts";

/** `to` of a gap that nobody has ended yet is the end of its day. */
export type Line = { spans: Span[]; gaps: Gap[]; kept_since: number };

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
    refetchInterval: day.to > now ? 5000 : false,
  });

const lineOf = ({ spans, gaps, kept_since }: Timeline, day: Bounds): Line => ({
  spans: spans.map(({ starts_at, ends_at }) => ({ from: Date.parse(starts_at), to: Date.parse(ends_at) })),
  gaps: gaps.map(({ starts_at, ends_at, cause }) => ({
    from: Date.parse(starts_at),
    to: ends_at === null ? day.to : Date.parse(ends_at),
    cause,
  })),
  kept_since: Date.parse(kept_since),
});

/** A segment takes some ten seconds to be finished and handed in. */
const HANDED_IN_MS = 30_000;

/** A hole that lasts is told by the server when it has ended; until then the camera's own state says why. */
export const withRunningGap = (
  line: Line,
  camera: Pick<Camera, "status" | "status_cause" | "recording">,
  now: number,
): Line => {
  const last = line.spans.at(-1);
  const isTold = line.gaps.some(({ to }) => to > now);
  if (!last || isTold || now - last.to < HANDED_IN_MS) return line;
  return { ...line, gaps: [...line.gaps, { from: last.to, to: Number.POSITIVE_INFINITY, cause: causeOf(camera) }] };
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
