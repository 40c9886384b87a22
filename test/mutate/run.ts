/**
 * `npm run mutate`: takes each named guard away, in a copy of the sources, and shows that its test turns red. First all of
 * these tests run with every guard in place.
 * `npm run mutate -- PATTERN` only those whose title matches. Ends with `N passed, N failed`.
 */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { faultOf, readBaseline, type Baseline } from "./baseline.ts";
import { guards } from "./guards.ts";
import type { Guard } from "./guards/guard.ts";

const root = join(import.meta.dirname, "..", "..");
const copied = [
  "lib",
  "functions",
  "connector",
  "gateway",
  "edge-agent",
  "console",
  "infra",
  "demo",
  "test",
  "migrations",
  "models",
  "training",
  "docs",
  "package.json",
  "package-lock.json",
  "tsconfig.json",
  "vitest.config.ts",
  "stack.yml",
];

const copySources = (): string => {
  const copy = mkdtempSync(join(tmpdir(), "gt-mutate-"));
  for (const name of copied) cpSync(join(root, name), join(copy, name), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  return copy;
};

const vitest = (copy: string, args: readonly string[], timeout: number) =>
  spawnSync(join(root, "node_modules/.bin/vitest"), ["run", ...args], {
    cwd: copy,
    encoding: "utf8",
    timeout,
    // Its verdict is read, so without colours; where both are set, FORCE_COLOR would win.
    env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: "0" },
  });

const [FIRST_MS, ONE_MS] = [3_600_000, 180_000];

const withEveryGuard = (copy: string, chosen: readonly Guard[]): Baseline => {
  const file = join(copy, "baseline.json");
  const files = [...new Set(chosen.flatMap(({ tests }) => tests))];
  const { stderr } = vitest(copy, [...files, "--reporter=json", `--outputFile=${file}`], FIRST_MS);
  if (!existsSync(file)) throw new Error(`The tests did not run: ${stderr.slice(-400)}`);
  return readBaseline(file);
};

type Verdict = { held: boolean; why: string };

const tryWithout = (copy: string, guard: Guard, baseline: Baseline): Verdict => {
  const fault = faultOf(baseline, copy, guard);
  if (fault) return { held: false, why: fault };
  const file = join(copy, guard.file);
  const original = readFileSync(file, "utf8");
  if (original.split(guard.find).length !== 2)
    return { held: false, why: `the guard's text is not found exactly once in ${guard.file}` };
  writeFileSync(
    file,
    original.replace(guard.find, () => guard.replace),
  );
  try {
    const result = vitest(copy, [...guard.tests, ...(guard.title ? ["-t", guard.title] : [])], ONE_MS);
    if (result.status === 0) {
      const ran = /^\s*Tests\s.*\d+ passed/m.test(result.stdout);
      return { held: false, why: ran ? "its test stays green" : "no test of this title ran" };
    }
    // A file that cannot be loaded counts as failed too, but only among the files: no test has seen anything then.
    const failed = /^\s*Tests\s+\d+ failed/m.test(result.stdout);
    return failed
      ? { held: true, why: "" }
      : { held: false, why: `the tests did not run: ${result.stderr.slice(-400)}` };
  } finally {
    writeFileSync(file, original);
  }
};

const wanted = process.argv[2] ?? "";
const chosen = guards.filter(({ guards: what }) => new RegExp(wanted).test(what));
const copy = copySources();
let failed = 0;
try {
  const baseline = chosen.length === 0 ? [] : withEveryGuard(copy, chosen);
  for (const guard of chosen) {
    const { held, why } = tryWithout(copy, guard, baseline);
    if (!held) failed += 1;
    console.log(`${held ? "✓" : "✗"} ${guard.guards}${why ? ` — ${why}` : ""}`);
  }
} finally {
  rmSync(copy, { recursive: true });
}
console.log(`\n${chosen.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
