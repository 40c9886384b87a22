/**
 * Faults on real servers and the judgement, some three minutes from the first fault to the last look. The same again, or another
 * seed for as long as wished: `node test/chaos/run.ts` (docs/developer/chaos.md).
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { grownTitle } from "#test/harness/grown-servers.ts";
import { seeded } from "#test/harness/seeded.ts";
import { chaosRun, type Verdict } from "./chaos.ts";
import { kinds } from "./history.ts";
import { grown, type ChaosSystem } from "./system.ts";

const MINUTES = 2;
/** Three times what it takes on two cores that others use too. */
const WHOLE_RUN_MS = 900_000;

const title = await grownTitle("chaos: a grown system that is killed, paused, cut, filled and mistimed under load");

describe.skipIf(title.isMissing)(title.title, () => {
  const said: string[] = [];
  let system: ChaosSystem;
  let verdict: Verdict;

  beforeAll(async () => {
    const { seed } = seeded("chaos");
    system = await grown();
    verdict = await chaosRun(system, { seed, minutes: MINUTES, say: (line) => void said.push(line) });
  }, WHOLE_RUN_MS);
  afterAll(() => system?.end(), 120_000);

  test("keeps every promise", () => {
    expect(verdict.violations, said.join("\n")).toEqual([]);
  });

  test("was asked for everything and answered it, before and between the faults", () => {
    const answered = Object.keys(verdict.counts).filter(
      (kind) => kind === "trespass" || (verdict.counts[kind]?.["ok"] ?? 0) > 0,
    );
    expect(answered.toSorted(), said.join("\n")).toEqual(kinds.toSorted());
  });

  test("is there again after each fault: cameras, operators and agents succeed", () => {
    const never = verdict.recoveries.flatMap(({ kind, target, after_ms }) =>
      (["post-plate", "list-plates", "watch-plate", "upload-segment"] as const)
        .filter((asked) => after_ms[asked] === null)
        .map((asked) => `${asked} after ${kind} ${target}`),
    );
    expect(never, said.join("\n")).toEqual([]);
  });
});
