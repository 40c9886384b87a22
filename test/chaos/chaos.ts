/** A whole run: load, faults from a seed, healing, draining, judgement. */
import { cpSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chanceFrom } from "#test/harness/seeded.ts";
import { check, type Violation } from "./check.ts";
import { happen, seconds, targetsOf, type Victims } from "./faults.ts";
import { openHistory, type History } from "./history.ts";
import { startLoad } from "./load.ts";
import { openObserver, type Observer } from "./observe.ts";
import { firstAdministrator } from "./people.ts";
import { recoveriesOf, tableOf, type Recovery } from "./recovery.ts";
import { planSchedule } from "./schedule.ts";
import { openSite, type Site } from "./site.ts";
import type { ChaosSystem } from "./system.ts";

export type Verdict = {
  violations: Violation[];
  recoveries: Recovery[];
  /** Operations by kind and outcome. */
  counts: Record<string, Record<string, number>>;
  /** The history, the facts and the verdict as files. */
  folder: string;
};
export type RunOptions = { seed: string; minutes: number; say(line: string): void };

const LETTERS = ["GTA", "GTB"] as const;
/** After healing: for what somebody still waits for an answer to. */
const ANSWERS_MS = 180_000;
/** Parked messages wait a minute; what was parked at the last moment and again, two. A slow machine takes longer, and gets on. */
const STUCK_MS = 240_000;
const LOOK_EVERY_MS = 2000;

export const chaosRun = async (system: ChaosSystem, { seed, minutes, say }: RunOptions): Promise<Verdict> => {
  const folder = mkdtempSync(join(tmpdir(), `gt-chaos-${seed}-`));
  say(`Replay: node test/chaos/run.ts --minutes ${minutes} --seed ${seed}`);
  const history = openHistory(join(folder, "history.jsonl"));
  const administrator = await firstAdministrator(system.url, system.link());
  const sites: Site[] = [];
  const observer = await openObserver(system);
  try {
    for (const letters of LETTERS) sites.push(await openSite(system.url, administrator, letters));
    await firstSegments(observer, sites);
    const began_ms = Date.now() - SITES_OPEN_MS;
    const victims = victimsOf(system, sites);
    const faults = planSchedule(seed, minutes * 60_000, targetsOf(victims));
    say(`${faults.length} faults in ${minutes} min, seed ${seed}; history: ${folder}`);
    const watching = watchSegments(observer, history);
    const load = startLoad(sites, history, chanceFrom(`${seed} load`));
    const happened = await happen(faults, victims, history.now, say);
    const sayWhen = (line: string): void => say(`${seconds(history.now())} ${line}`);
    sayWhen("all is healed; work goes on");
    await pause(AFTER_MS);
    sayWhen("answers are waited for");
    await load.finish(ANSWERS_MS);
    sayWhen("agents hand in what they have");
    // What an agent hands in while we look would be an object without its row.
    const unsent = (await Promise.all(sites.map((site) => site.settle()))).flat();
    sayWhen("what waits is done");
    await drain(observer, sayWhen);
    await watching.stop();
    const facts = await patiently(() => observer.facts({ began_ms, ended_ms: Date.now(), unsent }));
    const violations = check(history.operations, facts);
    const recoveries = recoveriesOf(history.operations, happened);
    const counts = countsOf(history);
    writeFileSync(join(folder, "facts.json"), JSON.stringify(facts, null, 1));
    writeFileSync(join(folder, "verdict.json"), JSON.stringify({ violations, happened }, null, 1));
    for (const { letters, agentWords } of sites) writeFileSync(join(folder, `agent-${letters}.log`), agentWords());
    cpSync(system.logs, join(folder, "logs"), { recursive: true });
    say(tableOf(recoveries));
    return { violations, recoveries, counts, folder };
  } finally {
    for (const site of sites) await site.close();
    await observer.close();
    history.close();
  }
};

/** Work goes on for so long after the last fault, so that its recovery is seen. */
const AFTER_MS = 15_000;
/** Segments of the run may have begun so long before it. */
const SITES_OPEN_MS = 120_000;

const victimsOf = (system: ChaosSystem, sites: readonly Site[]): Victims => {
  const named = <T>(pick: (site: Site) => [string, T | null][]): Record<string, T> =>
    Object.fromEntries(sites.flatMap(pick).filter((pair): pair is [string, T] => pair[1] !== null));
  return {
    programs: { ...system.programs, ...Object.assign({}, ...sites.map(({ programs }) => programs)) },
    lines: system.lines,
    volumes: { ...system.volumes, ...named(({ letters, volume }) => [[`volume of ${letters}'s agent`, volume]]) },
    clocks: named((site) => [
      [`clock of ${site.letters}'s agent`, site.stepClock && { step: site.stepClock }],
      [`clock of ${site.letters}'s plate camera`, { step: (seconds) => void (site.clock_offset_ms = seconds * 1000) }],
    ]),
  };
};

const firstSegments = async ({ sql }: Observer, sites: readonly Site[]): Promise<void> => {
  for (const deadline = Date.now() + 90_000; Date.now() < deadline;) {
    const [row] = await sql<
      { cameras: number }[]
    >`select count(distinct camera_id)::int as cameras from recording_segments`;
    if (row?.cameras === sites.length) return;
    await pause(500);
  }
  throw new Error("Nothing was recorded before the faults began");
};

/** What an agent has stored and listed, as soon as it is seen, is in the history: from then on it may not change. */
const watchSegments = (observer: Observer, history: History): { stop(): Promise<void> } => {
  const seen = new Set<string>();
  let stopped = false;
  const look = async (): Promise<void> => {
    const begun_ms = history.now();
    const rows = await observer.sql<{ camera_id: string; cidade_id: string; key: string; sha256: string }[]>`
      select camera_id, cidade_id, camera_id || '/' || boot_id || '-' || sequence as key, sha256 from recording_segments`;
    for (const { key, ...row } of rows) {
      if (seen.has(key)) continue;
      seen.add(key);
      history.add({
        kind: "upload-segment",
        key,
        ...row,
        begun_ms,
        ended_ms: history.now(),
        outcome: "ok",
        status: 200,
        says_when: false,
      });
    }
  };
  const watching = (async () => {
    while (!stopped) {
      // The database is away at times.
      await look().catch(() => undefined);
      await pause(LOOK_EVERY_MS);
    }
    await patiently(look);
  })();
  return {
    stop: async () => {
      stopped = true;
      await watching;
    },
  };
};

/** What RabbitMQ says of its queues is up to five seconds old: so many looks in a row must find nothing. */
const QUIET_LOOKS = 4;

const drain = async (observer: Observer, say: (line: string) => void): Promise<void> => {
  let quiet = 0;
  let last = "";
  for (let changed_at = Date.now(); Date.now() < changed_at + STUCK_MS && quiet < QUIET_LOOKS;) {
    const left = await patiently(observer.left);
    const isQuiet = Object.keys(left).length === 0;
    const now = JSON.stringify(left);
    if (!isQuiet && now !== last) {
      last = now;
      changed_at = Date.now();
    }
    quiet = isQuiet ? quiet + 1 : 0;
    await pause(LOOK_EVERY_MS);
  }
  say(`${quiet < QUIET_LOOKS ? "left over" : "nothing waits any more, at last"}: ${last}`);
};

const countsOf = ({ operations }: History): Verdict["counts"] =>
  Object.fromEntries(
    [...Map.groupBy(operations, ({ kind }) => kind)].map(([kind, all]) => [
      kind,
      Object.fromEntries(
        [...Map.groupBy(all, ({ outcome }) => outcome)].map(([outcome, some]) => [outcome, some.length]),
      ),
    ]),
  );

const TIMES = 5;

/** A connection that was killed may say so only when it is used again. */
const patiently = async <R>(work: () => Promise<R>): Promise<R> => {
  for (let times = 1; ; times += 1) {
    try {
      return await work();
    } catch (error) {
      if (times === TIMES) throw error;
      await pause(LOOK_EVERY_MS);
    }
  }
};

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
