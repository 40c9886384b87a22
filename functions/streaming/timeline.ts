/** What a timeline draws: where there is video, and why there is none elsewhere. */
import type { TransactionSql } from "#lib/db/connect.ts";
import { AppError } from "#lib/errors.ts";
import type { Timeline } from "./contract.ts";
import type { GapRow } from "./gaps.ts";

/** Segments that follow each other this closely are one span: a key frame may come late. */
const JOIN_MS = 1000;
const LONGEST_DAYS = 31;

export type Span = { starts_at: Date; ends_at: Date };

/** Throws `invalid` when the window is empty or too long. */
export const readWindow = (query: { from: string; to: string }, longest_ms: number): { from: Date; to: Date } => {
  const [from, to] = [new Date(query.from), new Date(query.to)];
  if (from >= to) throw new AppError("invalid", "The window ends before it begins", { reason: "window.empty" });
  if (to.getTime() - from.getTime() > longest_ms) {
    throw new AppError("invalid", "The window is too long", {
      reason: "window.too_long",
      params: { seconds: longest_ms / 1000 },
    });
  }
  return { from, to };
};

export const TIMELINE_MS = LONGEST_DAYS * 86_400_000;

/** Joined in the database: a day of segments is 8640 rows and usually one span. */
export const listSpans = (
  sql: TransactionSql,
  cidade_id: string,
  camera_id: string,
  from: Date,
  to: Date,
): Promise<Span[]> =>
  sql<Span[]>`
    with ordered as (
      select captured_at, wall_end,
        captured_at > max(wall_end) over (order by captured_at rows between unbounded preceding and 1 preceding) + ${JOIN_MS} * interval '1 ms' as breaks
      from recording_segments
      where cidade_id = ${cidade_id} and camera_id = ${camera_id}
        and captured_at >= ${new Date(from.getTime() - 300_000)} and captured_at < ${to} and wall_end > ${from}),
    numbered as (select *, count(*) filter (where breaks) over (order by captured_at) as span from ordered)
    select min(captured_at) as starts_at, max(wall_end) as ends_at from numbered group by span order by 1 limit 5000`;

/** Holes between the spans, with the cause where somebody said one. What is after the last span is no hole yet. */
export const holesOf = (spans: readonly Span[], known: readonly GapRow[]): Timeline["gaps"] => {
  const holes = spans
    .slice(1)
    .map((span, index) => ({ starts_at: spans[index]?.ends_at ?? span.starts_at, ends_at: span.starts_at }));
  const unexplained = holes.filter(
    (hole) =>
      !known.some((gap) => gap.starts_at < hole.ends_at && (gap.ends_at === null || gap.ends_at > hole.starts_at)),
  );
  return [
    ...known.map((gap) => ({
      starts_at: gap.starts_at.toISOString(),
      ends_at: gap.ends_at?.toISOString() ?? null,
      cause: gap.cause as Timeline["gaps"][number]["cause"],
      detail: gap.detail,
    })),
    ...unexplained.map((hole) => ({
      starts_at: hole.starts_at.toISOString(),
      ends_at: hole.ends_at.toISOString(),
      cause: null,
      detail: null,
    })),
  ].toSorted((a, b) => a.starts_at.localeCompare(b.starts_at));
};
