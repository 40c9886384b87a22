import { http } from "#lib/function/define.ts";
import { knownCamera } from "../cameras.ts";
import { Timeline, TimelineQuery } from "../contract.ts";
import { listGapRows, MOST_GAPS } from "../gaps.ts";
import { listSpans, MOST_SPANS, readWindow, TIMELINE_MS, toldOf } from "../timeline.ts";

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
    const spans = await listSpans(sql, cidade_id, camera_id, from, to, MOST_SPANS + 1);
    const gaps = await listGapRows(sql, cidade_id, camera_id, from, to, MOST_GAPS + 1);
    return {
      camera_id,
      ...toldOf(spans, gaps),
      kept_since: new Date(clock().getTime() - plano_retencao_dias * 86_400_000).toISOString(),
    };
  },
});
