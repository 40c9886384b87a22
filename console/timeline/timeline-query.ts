import { queryOptions } from "@tanstack/react-query";
import type { Timeline } from "#functions/streaming/contract.ts";
import type { Ask } from "#console/session/session-context.tsx";
import type { Bounds } from "./days.ts";
import type { Gap, Span } from "./geometry.ts";

export type Line = { spans: Span[]; gaps: Gap[]; kept_since: number };

export const timelineQuery = (ask: Ask, camera_id: string, day: Bounds) =>
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
    refetchInterval: 10_000,
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
