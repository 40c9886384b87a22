import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

const css = readFileSync(join(import.meta.dirname, "theme.css"), "utf8");
const tokensIn = (selector: string): Record<string, string> => {
  const block = css.slice(css.indexOf(`${selector} {`)).split("}")[0] ?? "";
  return Object.fromEntries(
    [...block.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name, value]) => [name, value]),
  );
};
const night = tokensIn(":root");
const themes = { night, day: { ...night, ...tokensIn(':root[data-theme="day"]') } };

/** WCAG 2: relative luminance and contrast. */
const luminance = (colour: string): number => {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};
const contrast = (one: string, other: string): number => {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].toSorted((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
};

const grounds = ["base", "panel", "raised"];
const pairs: [string[], string[], number][] = [
  [["text", "dim", "strong", "critical", "attention", "link", "lost"], grounds, 4.5],
  [["line", "focus"], grounds, 3],
  [["on-link"], ["link"], 4.5],
  [["strong", "dim", "text"], ["critical-wash", "attention-wash", "selected-wash"], 4.5],
  [["critical"], ["critical-wash", "selected-wash"], 4.5],
];

describe.each(Object.entries(themes))("%s", (_, tokens) => {
  test.each(pairs)("%j on %j have a contrast of at least %d", (fronts, backs, least) => {
    const weak = fronts.flatMap((front) =>
      backs
        .map((back) => ({ front, back, contrast: contrast(tokens[front] ?? "", tokens[back] ?? "") }))
        .filter((pair) => !(pair.contrast >= least)),
    );
    expect(weak).toEqual([]);
  });
});
