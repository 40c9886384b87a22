/** Making a planned fault happen, and ending it. */
import { childrenOf } from "#edge-agent/testing/agent-process.ts";
import type { FaultProxy } from "#test/harness/fault-proxy.ts";
import type { SmallVolume } from "#test/harness/small-volume.ts";
import type { Happened } from "./recovery.ts";
import type { Fault, FaultKind, Targets } from "./schedule.ts";
import type { Program } from "./system.ts";

export type Clock = { step(seconds: number): void };
export type Victims = {
  programs: Record<string, Program>;
  lines: Record<string, FaultProxy>;
  volumes: Record<string, SmallVolume>;
  clocks: Record<string, Clock>;
};

export const targetsOf = ({ programs, lines, volumes, clocks }: Victims): Targets => ({
  killed: Object.keys(programs).filter((name) => programs[name]?.kill),
  paused: Object.keys(programs),
  lines: Object.keys(lines),
  volumes: Object.keys(volumes),
  clocks: Object.keys(clocks),
});

/** Further than anybody believes, and not so far that the calendar ends. */
const CLOCK_SECONDS = { "clock-back": -40 * 86_400, "clock-ahead": 3 * 86_400 };
const SLOW = { ms: 300, jitter_ms: 200 };
const NARROW_BYTES_PER_SECOND = 40_000;

const nothing = (): void => undefined;

/** Resolves when it is there; answers what ends it. */
const begin = async ({ kind, target }: Fault, victims: Victims): Promise<() => void> => {
  const line = victims.lines[target];
  const program = victims.programs[target];
  const volume = victims.volumes[target];
  const clock = victims.clocks[target];
  if (line) {
    harm(line, kind);
    return line.heal;
  }
  if (program && kind === "kill") {
    await program.kill?.();
    return nothing;
  }
  if (program) return paused(program);
  if (volume) {
    volume.fill();
    return volume.empty;
  }
  if (clock && (kind === "clock-back" || kind === "clock-ahead")) {
    clock.step(CLOCK_SECONDS[kind]);
    return () => clock.step(0);
  }
  throw new Error(`no ${kind} can happen to ${target}`);
};

const harm = (line: FaultProxy, kind: FaultKind): void => {
  if (kind === "reset") line.reset();
  if (kind === "refuse") {
    line.refuse(true);
    line.reset();
  }
  if (kind === "half-open") line.freeze();
  if (kind === "swallow") line.swallow("to_client");
  if (kind === "slow") line.delay(SLOW.ms, SLOW.jitter_ms);
  if (kind === "narrow") line.narrow(NARROW_BYTES_PER_SECOND);
};

/** With its children: of PostgreSQL these are what serves. */
const paused = (program: Program): (() => void) => {
  const pid = program.pid();
  if (pid === null) return nothing;
  const all = [pid, ...childrenOf(pid)];
  const tell = (signal: "SIGSTOP" | "SIGCONT"): void => {
    for (const one of all) signalQuietly(one, signal);
  };
  tell("SIGSTOP");
  return () => tell("SIGCONT");
};

const signalQuietly = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended meanwhile.
  }
};

/** All of them at their times; resolves when the last has ended. Answers them as they came to pass. */
export const happen = async (
  faults: readonly Fault[],
  victims: Victims,
  now: () => number,
  say: (line: string) => void,
): Promise<Happened[]> => {
  const start = now();
  const busy = new Map<string, Promise<unknown>>();
  const happened = await Promise.all(
    faults.map((fault) => {
      // A server may take longer to come back than was planned for.
      const happening = (busy.get(fault.target) ?? Promise.resolve()).then(() => one(fault));
      busy.set(fault.target, happening);
      return happening;
    }),
  );
  return happened.toSorted((a, b) => a.began_ms - b.began_ms);

  async function one(fault: Fault): Promise<Happened> {
    const { kind, target, at_ms, for_ms } = fault;
    await pause(start + at_ms - now());
    const began_ms = now();
    say(`${seconds(began_ms)} ${kind} ${target}`);
    const end = await begin(fault, victims);
    await pause(began_ms + for_ms - now());
    end();
    return { kind, target, began_ms, ended_ms: now() };
  }
};

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
/** When of a run. */
export const seconds = (ms: number): string => `${(ms / 1000).toFixed(1).padStart(6)} s`;
