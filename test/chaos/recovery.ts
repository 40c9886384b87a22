/** How long after the end of each fault it was until clients succeeded again. */
import type { Kind, Operation } from "./history.ts";
import type { Fault } from "./schedule.ts";

/** As it came to pass. */
export type Happened = Pick<Fault, "kind" | "target"> & { began_ms: number; ended_ms: number };
/** `null`: not once until the end of the run. */
export type Recovery = Happened & { after_ms: Partial<Record<Kind, number | null>> };

/** The first success of each kind that was begun after the fault's end. */
export const recoveriesOf = (operations: readonly Operation[], faults: readonly Happened[]): Recovery[] => {
  const byKind = [...Map.groupBy(operations, ({ kind }) => kind)];
  return faults.map((fault) => {
    const firsts = byKind.map(([kind, all]) => {
      const after = all.filter(({ outcome, begun_ms }) => outcome === "ok" && begun_ms >= fault.ended_ms);
      return [kind, after.length === 0 ? null : Math.min(...after.map(({ ended_ms }) => ended_ms)) - fault.ended_ms];
    });
    return { ...fault, after_ms: Object.fromEntries(firsts) as Recovery["after_ms"] };
  });
};

const shown: readonly Kind[] = ["post-plate", "list-plates", "watch-plate", "request-clip", "upload-segment"];

/** For people: a row for each fault, seconds. */
export const tableOf = (recoveries: readonly Recovery[]): string => {
  const seconds = (ms: number | null | undefined): string =>
    ms === null || ms === undefined ? "—" : (ms / 1000).toFixed(1);
  const head = ["fault", "from", "to", ...shown];
  const rows = recoveries.map(({ kind, target, began_ms, ended_ms, after_ms }) => [
    `${kind} ${target}`,
    seconds(began_ms),
    seconds(ended_ms),
    ...shown.map((name) => seconds(after_ms[name])),
  ]);
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)));
  return [head, ...rows]
    .map((row) =>
      row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join("  "),
    )
    .join("\n");
};

/** Sites are alike. */
const alike = (target: string): string =>
  target.replace(/^(agent|writer) of \w+$/, "$1").replace(/\w+'s (plate camera|agent)$/, "$1");

/** Who waits. What an operator asks for is chosen by chance: whichever was answered first counts. */
const waiting = {
  "plate camera": ["post-plate"],
  operator: ["watch-plate", "unwatch-plate", "list-plates", "list-entries", "search-plates", "request-clip"],
  agent: ["upload-segment"],
} as const satisfies Record<string, readonly Kind[]>;

/** Over many faults, in Markdown: how often each came, and the median and the most of seconds. */
export const summaryOf = (recoveries: readonly Recovery[]): string => {
  const cell = (all: readonly Recovery[], asked: readonly Kind[]): string => {
    const ordered = all
      .map(({ after_ms }) => Math.min(...asked.map((kind) => after_ms[kind] ?? Infinity)))
      .toSorted((a, b) => a - b);
    return [ordered[Math.floor(ordered.length / 2)], ordered.at(-1)]
      .map((ms = Infinity) => (ms === Infinity ? "—" : (ms / 1000).toFixed(1)))
      .join(" / ");
  };
  const rows = [...Map.groupBy(recoveries, ({ kind, target }) => `${kind} ${alike(target)}`)]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([fault, all]) => [fault, String(all.length), ...Object.values(waiting).map((asked) => cell(all, asked))]);
  const head = ["fault", "times", ...Object.keys(waiting)];
  return [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
};
