/**
 * A chaos run by hand: `node test/chaos/run.ts [--seed N] [--minutes M] [--system grown|one-machine]`. The same seed gives the
 * same faults at the same times. Ends with 1 where a promise was broken.
 */
import { parseArgs } from "node:util";
import { newSeed } from "#test/harness/seeded.ts";
import { chaosRun } from "./chaos.ts";
import { grown, oneMachine } from "./system.ts";

const systems = { grown, "one-machine": oneMachine };
const { values } = parseArgs({
  options: {
    seed: { type: "string", default: newSeed() },
    minutes: { type: "string", default: "3" },
    system: { type: "string", default: "grown" },
  },
});
const minutes = Number(values.minutes);
const start = systems[values.system as keyof typeof systems];
if (!start || !(minutes > 0))
  throw new Error(`--system is one of ${Object.keys(systems).join(", ")}; --minutes is a number`);

const say = (line: string): void => console.log(line);
say(`On: ${values.system}`);
const system = await start();
try {
  const { violations, counts, folder } = await chaosRun(system, { seed: values.seed, minutes, say });
  console.table(counts);
  for (const { promise, what } of violations) say(`✗ ${promise}: ${what}`);
  say(violations.length === 0 ? `Every promise was kept. ${folder}` : `${violations.length} violations. ${folder}`);
  process.exitCode = violations.length === 0 ? 0 : 1;
} finally {
  await system.end();
}
