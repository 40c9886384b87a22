/** What the tests of the guards say while every guard is there: one that is red already, or is not there, proves nothing. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import type { Guard } from "./guards/guard.ts";

const Report = z.object({
  testResults: z.array(
    z.object({ name: z.string(), assertionResults: z.array(z.object({ fullName: z.string(), status: z.string() })) }),
  ),
});
export type Baseline = { name: string; title: string; status: string }[];

/** `file`: what Vitest's `json` reporter wrote. */
export const readBaseline = (file: string): Baseline =>
  Report.parse(JSON.parse(readFileSync(file, "utf8"))).testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.map(({ fullName, status }) => ({ name, title: fullName, status })),
  );

/** `null`: its tests are there and green. */
export const faultOf = (baseline: Baseline, copy: string, { tests, title }: Guard): string | null => {
  const pattern = new RegExp(title ?? "");
  const own = baseline.filter(
    (one) => tests.some((test) => one.name.startsWith(join(copy, test))) && pattern.test(one.title),
  );
  const red = own.find(({ status }) => status === "failed");
  if (red) return `its test is red although the guard is there: ${red.title}`;
  return own.some(({ status }) => status === "passed") ? null : "no test of this title ran";
};
