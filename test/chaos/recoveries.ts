/**
 * How long it takes until clients succeed again, over several runs: `node test/chaos/recoveries.ts FOLDER…` (each run says where its
 * folder is). Faults overlap: what is told of one is also what the next ones cost.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Operation } from "./history.ts";
import { recoveriesOf, summaryOf, type Happened } from "./recovery.ts";

const read = (folder: string, name: string): string => readFileSync(join(folder, name), "utf8");

const recoveries = process.argv.slice(2).flatMap((folder) => {
  const operations = read(folder, "history.jsonl")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Operation);
  const { happened } = JSON.parse(read(folder, "verdict.json")) as { happened: Happened[] };
  return recoveriesOf(operations, happened);
});
console.log(summaryOf(recoveries));
