/** What `auto_explain` says of a statement, and how many rows it threw away or its widest step handled. */
type Node = { "Node Type": string; "Actual Rows": number; "Actual Loops": number; Plans?: Node[] } & Partial<
  Record<`Rows Removed by ${"Filter" | "Join Filter" | "Index Recheck"}`, number>
>;
export type Plan = { "Query Text": string; Plan: Node };

/** Of a partitioned table each day is a step of its own: what is thrown away counts together. */
export const costliest = ({ Plan: top }: Plan): number => Math.max(removedBelow(top), mostHandled(top));

/** Rows are per loop. */
const removedBelow = (node: Node): number => {
  const removed =
    (node["Rows Removed by Filter"] ?? 0) +
    (node["Rows Removed by Join Filter"] ?? 0) +
    (node["Rows Removed by Index Recheck"] ?? 0);
  return (node.Plans ?? []).reduce((sum, below) => sum + removedBelow(below), removed * node["Actual Loops"]);
};

/** A step that only holds rows ready hands the same ones out again. */
const mostHandled = (node: Node): number =>
  Math.max(
    node["Node Type"] === "Materialize" ? 0 : node["Actual Rows"] * node["Actual Loops"],
    ...(node.Plans ?? []).map(mostHandled),
  );
