/** What a timeline draws: where there is video, and why there is none elsewhere. */
import type { TransactionSql } from "#lib/db/connect.ts";
import { AppError } from "#lib/errors.ts";
import type { Timeline } from "./contract.ts";
import { MOST_GAPS, type GapRow } from "./gaps.ts";
import { overlapping } from "./segments.ts";

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

/** What one answer holds: a day whose video breaks every half minute. */
export const MOST_SPANS = 5000;

/** Joined in the database: a day of segments is 8640 rows and usually one span. */
export const listSpans = (
  sql: TransactionSql,
  cidade_id: string,
  camera_id: string,
  from: Date,
  to: Date,
  limit: number,
): Promise<Span[]> =>
  sql<Span[]>`
    with ordered as (
      select captured_at, wall_end,
        captured_at > max(wall_end) over (order by captured_at rows between unbounded preceding and 1 preceding) + ${JOIN_MS} * interval '1 ms' as breaks
      from recording_segments where ${overlapping(sql, { cidade_id, camera_id }, from, to)}),
    numbered as (select *, count(*) filter (where breaks) over (order by captured_at) as span from ordered)
    select min(captured_at) as starts_at, max(wall_end) as ends_at from numbered group by span order by 1 limit ${limit}`;

export type Told = Pick<Timeline, "spans" | "gaps" | "truncated_at">;

/** One span and one gap more than are told say whether, and from where, something is left out. */
export const toldOf = (spans: readonly Span[], known: readonly GapRow[]): Told => {
  const ends = [spans[MOST_SPANS]?.starts_at, known[MOST_GAPS]?.starts_at].flatMap((end) =>
    end ? [end.getTime()] : [],
  );
  const end = ends.length === 0 ? null : new Date(Math.min(...ends));
  const isTold = ({ starts_at }: { starts_at: string }): boolean => end === null || new Date(starts_at) < end;
  const told = spans.map((span) => ({ starts_at: span.starts_at.toISOString(), ends_at: span.ends_at.toISOString() }));
  return {
    spans: told.filter(isTold),
    gaps: gapsOf(spans, known).filter(isTold),
    truncated_at: end?.toISOString() ?? null,
  };
};

/** What is known, and what of the holes between the spans nobody explained. After the last span there is no hole yet. */
export const gapsOf = (spans: readonly Span[], known: readonly GapRow[]): Timeline["gaps"] => {
  const holes = spans.slice(1).flatMap((span, index) => {
    const before = spans[index];
    return before ? [{ starts_at: before.ends_at, ends_at: span.starts_at }] : [];
  });
  const unexplained = holes.flatMap((hole) => leftOf(hole, known));
  return [...known, ...unexplained.map((hole) => ({ ...hole, cause: null, detail: null }))]
    .map(({ starts_at, ends_at, cause, detail }) => ({
      starts_at: starts_at.toISOString(),
      ends_at: ends_at?.toISOString() ?? null,
      cause: cause as Timeline["gaps"][number]["cause"],
      detail,
    }))
    .toSorted((a, b) => a.starts_at.localeCompare(b.starts_at));
};

/** A hole without what is known of it; rests that would be drawn as joined anyway are none. `known` is in order. */
const leftOf = (hole: Span, known: readonly GapRow[]): Span[] => {
  const rests: Span[] = [];
  let from = hole.starts_at;
  for (const { starts_at, ends_at } of known) {
    if (starts_at >= hole.ends_at) break;
    rests.push({ starts_at: from, ends_at: starts_at });
    if (ends_at === null) return rests.filter(isHole);
    if (ends_at > from) from = ends_at;
  }
  return [...rests, { starts_at: from, ends_at: hole.ends_at }].filter(isHole);
};

const isHole = ({ starts_at, ends_at }: Span): boolean => ends_at.getTime() - starts_at.getTime() > JOIN_MS;
