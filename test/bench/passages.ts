/**
 * `node test/bench/passages.ts [--passages 40] [--gates off,on]`: of the running city's passages, how many are read from its key frames
 * as they were drawn, and how many pictures were looked at for it. With the gate and without, in the same streets one after the other;
 * no browser draws beside it.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { demoCity } from "#test/harness/demo-city.ts";
import { framesRead, isReadAsDrawn, NEAR_MS, passedBetween } from "#test/harness/passages.ts";
import { signIn, startSystem, until } from "#test/harness/system.ts";

const { values } = parseArgs({
  options: { passages: { type: "string", default: "40" }, gates: { type: "string", default: "off,on" } },
});
const PASSAGES = Number(values.passages);
/** Until the cameras are on the air, and until the last looks at who has just passed are written. */
const [FIRST_FRAMES_MS, SETTLED_MS] = [15_000, 12_000];
const PATIENCE_MS = 600_000;

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const data = mkdtempSync(join(tmpdir(), "gt-passages-"));

/** What the host's metrics say of `read-plates`, by what became of the frames. */
const framesOf = async (url: string): Promise<string> => {
  const text = await (await fetch(`${url}/metrics`)).text();
  return text
    .split("\n")
    .filter((line) => /^[^#].*frame/.test(line) && line.includes("read-plates") && !/bucket|sum/.test(line))
    .join("; ");
};

const watch = async (gate: string): Promise<void> => {
  const system = await startSystem({ data, env: { VISION_GATE: gate } });
  try {
    const api = await signIn(system);
    const city = await demoCity(system);
    const began = Date.now() + FIRST_FRAMES_MS;
    const passed = await until(`${PASSAGES} passages`, PATIENCE_MS, async () => {
      const all = await passedBetween(city, began, Date.now() - SETTLED_MS);
      return all.length >= PASSAGES ? all : undefined;
    });
    const reads = await framesRead(api, began - NEAR_MS);
    const believed = reads.filter(({ needs_review, plate }) => !needs_review && plate !== null);
    const wrong = believed.filter(({ plate }) => !city.every.has(plate ?? "")).length;
    const unread = passed.filter((one) => !isReadAsDrawn(reads, one));
    say(
      `gate ${gate}: ${unread.length} of ${passed.length} passages not read as drawn; of ${believed.length} believed reads ${wrong} wrong`,
    );
    say(`  ${unread.map(({ plate }) => plate).join(" ")}`);
    say(`  ${await framesOf(system.url)}`);
  } finally {
    await system.stop();
  }
};

try {
  for (const gate of values.gates.split(",")) await watch(gate);
} finally {
  rmSync(data, { recursive: true, force: true });
}
