import { expect, test } from "vitest";
import type { Operation } from "./history.ts";
import { recoveriesOf, summaryOf, tableOf, type Recovery } from "./recovery.ts";

const post = (begun_ms: number, ended_ms: number, outcome: Operation["outcome"]): Operation => ({
  kind: "post-plate",
  cidade_id: "aurora",
  key: `read-${begun_ms}`,
  begun_ms,
  ended_ms,
  outcome,
  status: 0,
  says_when: false,
});
const fault = { kind: "kill", target: "host", began_ms: 100, ended_ms: 200 } as const;

test("recovery is the first success that was begun after the fault's end", () => {
  const operations = [
    post(150, 210, "ok"),
    post(220, 300, "failed"),
    post(230, 900, "ok"),
    post(240, 700, "ok"),
    post(250, 260, "unknown"),
  ];
  expect(recoveriesOf(operations, [fault])).toEqual([{ ...fault, after_ms: { "post-plate": 500 } }]);
});

test("what never succeeds again has no time of recovery", () => {
  const [recovery] = recoveriesOf([post(150, 210, "ok"), post(220, 300, "failed")], [fault]);
  expect(recovery?.after_ms).toEqual({ "post-plate": null });
  expect(tableOf([recovery!])).toMatch(/^kill host +0\.1 +0\.2 +—/m);
});

test("over many faults those of all sites are one row; an operator is there again with whatever is answered first", () => {
  const of = (target: string, after_ms: Recovery["after_ms"]): Recovery => ({ ...fault, target, after_ms });
  const table = summaryOf([
    of("agent of GTA", { "post-plate": 100, "watch-plate": 900, "list-plates": 500, "upload-segment": 4000 }),
    of("agent of GTB", { "post-plate": 300, "watch-plate": 200, "list-plates": null, "upload-segment": null }),
    of("agent of GTA", { "post-plate": 200, "watch-plate": 400, "upload-segment": 2000 }),
    of("redis", {}),
  ]);
  expect(table.split("\n").slice(2)).toEqual([
    "| kill agent | 3 | 0.2 / 0.3 | 0.4 / 0.5 | 4.0 / — |",
    "| kill redis | 1 | — / — | — / — | — / — |",
  ]);
});
