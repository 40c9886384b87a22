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
