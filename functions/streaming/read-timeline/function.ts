import { http } from "#lib/function/define.ts";
import { knownCamera } from "../cameras.ts";
import { Timeline, TimelineQuery } from "../contract.ts";
import { listGapRows } from "../gaps.ts";
import { gapsOf, listSpans, readWindow, TIMELINE_MS } from "../timeline.ts";

export const readTimeline = http({
  name: "read-timeline",
  summary: "Where a camera has video, and why there is none elsewhere, within at most 31 days",
  http: { method: "GET", path: "/api/timeline", access: { permission: "recordings.view", cities: "callers" } },
  needs: ["sql", "clock"],
  input: TimelineQuery,
  output: Timeline,
  async handle({ camera_id, ...query }, { sql, clock }): Promise<Timeline> {
    const { from, to } = readWindow(query, TIMELINE_MS);
    const { cidade_id, plano_retencao_dias } = await knownCamera(sql, camera_id);
    const spans = await listSpans(sql, cidade_id, camera_id, from, to);
    const gaps = await listGapRows(sql, cidade_id, camera_id, from, to);
    return {
      camera_id,
      spans: spans.map(({ starts_at, ends_at }) => ({
        starts_at: starts_at.toISOString(),
        ends_at: ends_at.toISOString(),
      })),
      gaps: gapsOf(spans, gaps),
      kept_since: new Date(clock().getTime() - plano_retencao_dias * 86_400_000).toISOString(),
    };
  },
});
