/** `npm test`: form, rules, types, then every test; ends with one line `N passed, N failed, N skipped`. */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const filters = process.argv.slice(2);
/** A MediaMTX that is there already is tried alone. */
const isBeside = (process.env["MEDIA_URL"] ?? "") !== "" && filters.some((one) => one.startsWith("test/contracts"));
const config = isBeside ? ["--config", "test/contracts/beside.config.ts"] : [];

const run = (command: string, args: readonly string[]): Promise<number> =>
  new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: "inherit", env: process.env });
    child.on("error", () => resolve(127));
    child.on("exit", (code) => resolve(code ?? 1));
  });

type Counts = { passed: number; failed: number; skipped: string[] };

const checks: readonly { title: string; command: string; args: readonly string[] }[] = [
  { title: "every file is formatted", command: "oxfmt", args: ["--check", "."] },
  { title: "no lint rule is broken", command: "oxlint", args: ["--type-aware"] },
  { title: "every type holds", command: "tsc", args: ["--noEmit"] },
];

const runChecks = async (): Promise<Counts> => {
  const counts: Counts = { passed: 0, failed: 0, skipped: [] };
  for (const { title, command, args } of checks) {
    const passed = (await run(command, args)) === 0;
    console.log(`${passed ? "✓" : "✗"} ${title}`);
    counts[passed ? "passed" : "failed"] += 1;
  }
  return counts;
};

type Report = {
  testResults: {
    name: string;
    status: string;
    message: string;
    assertionResults: { status: string; fullName: string }[];
  }[];
};

const runVitest = async (): Promise<Counts> => {
  const folder = mkdtempSync(join(tmpdir(), "gt-report-"));
  const file = join(folder, "report.json");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
  const code = await run("vitest", ["run", ...config, ...reporters, ...filters]);
  const report = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Report) : null;
  rmSync(folder, { recursive: true });
  if (!report) return { passed: 0, failed: 1, skipped: [] };
  const tests = report.testResults.flatMap((suite) => suite.assertionResults);
  // A file that fails to load has no test of its own that could fail.
  const broken = report.testResults.filter(
    (suite) => suite.status === "failed" && !suite.assertionResults.some(({ status }) => status === "failed"),
  );
  const failed = tests.filter(({ status }) => status === "failed").length + broken.length;
  return {
    passed: tests.filter(({ status }) => status === "passed").length,
    failed: failed === 0 && code !== 0 ? 1 : failed,
    skipped: tests.filter(({ status }) => status !== "passed" && status !== "failed").map(({ fullName }) => fullName),
  };
};

const allowedSkips = (): string[] =>
  readFileSync(join(root, "test/allowed-skips.txt"), "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));

/** The titles of suites whose server could not be had say so (`test/harness/servers/use.ts`). */
const WITHOUT = /\(without (\w+)\)/;

/** Loudly, because a machine that lacks a server proves less. */
const sayLeftOut = (skipped: readonly string[]): void => {
  const counts = new Map<string, number>();
  for (const title of skipped) {
    const server = WITHOUT.exec(title)?.[1];
    if (server) counts.set(server, (counts.get(server) ?? 0) + 1);
  }
  for (const [server, count] of counts) console.log(`! ${server} could not be had: ${count} tests were left out`);
};

const form = filters.length === 0 ? await runChecks() : { passed: 0, failed: 0, skipped: [] };
const tests = await runVitest();
const allowed = allowedSkips();
const forbidden = tests.skipped.filter((name) => !WITHOUT.test(name) && !allowed.some((part) => name.includes(part)));
sayLeftOut(tests.skipped);
for (const name of forbidden) console.log(`✗ skipped without leave (test/allowed-skips.txt): ${name}`);
const failed = form.failed + tests.failed + forbidden.length;
console.log(
  `\n${form.passed + tests.passed} passed, ${failed} failed, ${tests.skipped.length - forbidden.length} skipped`,
);
process.exitCode = failed === 0 ? 0 : 1;
