/**
 * The order of a run. Whole systems mostly wait and parts mostly reckon: they go side by side, each the longest first, so that
 * both end together and nothing long is left to run alone.
 */
import { relative } from "node:path";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { isWhole, secondsOf } from "./durations.ts";

export class SideBySide extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const fileOf = ({ moduleId }: TestSpecification): string => relative(this.ctx.config.root, moduleId);
    const groups = Map.groupBy(files, ({ project }) => project.config.sequence.groupOrder);
    return [...groups.keys()].toSorted((a, b) => a - b).flatMap((order) => sideBySide(groups.get(order) ?? [], fileOf));
  }
}

/** Each kind is dealt out over the whole time: a file stands where the share of its kind's seconds before it stands. */
export const sideBySide = <T>(all: readonly T[], nameOf: (one: T) => string): T[] => {
  const kinds = Map.groupBy(all, (one) => isWhole(nameOf(one)));
  const placed = [...kinds.values()].flatMap((kind) => {
    const longestFirst = kind.toSorted((a, b) => secondsOf(nameOf(b)) - secondsOf(nameOf(a)));
    const total = longestFirst.reduce((sum, one) => sum + secondsOf(nameOf(one)), 0);
    let before = 0;
    return longestFirst.map((one) => {
      const at = before / total;
      before += secondsOf(nameOf(one));
      return { one, at };
    });
  });
  return placed.toSorted((a, b) => a.at - b.at).map(({ one }) => one);
};
