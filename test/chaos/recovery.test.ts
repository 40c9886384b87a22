import { expect, test } from "vitest";
import type { Operation } from "./history.ts";
import { recoveriesOf, tableOf } from "./recovery.ts";

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
