/**
 * `node test/bench/at-site.ts [--seconds 60]`: the running city with its plates read at the centre, then at the cameras' site, in the same
 * streets one after the other: what the agent sends for it, and what agent and host cost with their FFmpegs.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pass } from "node:timers/promises";
import { parseArgs } from "node:util";
import { childrenOf } from "#edge-agent/testing/agent-process.ts";
import { startSystem, type RunningSystem } from "#test/harness/system.ts";
import { cpuSeconds, memoryOf } from "./processes.ts";

const { values } = parseArgs({ options: { seconds: { type: "string", default: "60" } } });
const SECONDS = Number(values.seconds);
/** Until cameras are on the air and networks loaded. */
const WARM_MS = 20_000;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

type Sent = { key_frames: { frames: number; bytes: number }; looks?: { looks: number; bytes: number } };

/** By the log of the agent that ended last: what it sent, and for how long cameras were on the air. */
const sentBy = (data: string): Sent & { seconds: number } => {
  type Line = { timestamp: string; message: string; status?: string; sent?: Sent };
  const lines = readFileSync(join(data, "logs", "agent.log"), "utf8")
    .split("\n")
    .flatMap((line) => (line.startsWith("{") ? [JSON.parse(line) as Line] : []));
  const own = lines.slice(lines.findLastIndex(({ message }) => message === "agent runs"));
  const end = own.find(({ message }) => message === "agent has ended");
  const online = own.find(({ message, status }) => message === "camera" && status === "ONLINE");
  if (!end?.sent || !online) throw new Error("The agent's log does not say what it sent");
  return { ...end.sent, seconds: (Date.parse(end.timestamp) - Date.parse(online.timestamp)) / 1000 };
};

const pidOf = (system: RunningSystem, name: string): number =>
  system.pids().find((process) => process.name === name)?.pid ?? 0;

const costOf = (pid: number): number => [pid, ...childrenOf(pid)].reduce((sum, one) => sum + cpuSeconds(one), 0);

const metricsOf = async (url: string): Promise<string[]> => {
  const text = await (await fetch(`${url}/metrics`)).text();
  return text.split("\n").filter((line) => !line.startsWith("#"));
};
const sumOf = (metrics: readonly string[], name: RegExp): number =>
  metrics.filter((line) => name.test(line)).reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);

const watch = async (data: string, way: "off" | "on"): Promise<void> => {
  const system = await startSystem({ data, env: { VISION_AT_SITE: way } });
  let metrics: string[];
  const cost = { agent: 0, host: 0, agent_mb: 0 };
  try {
    await pass(WARM_MS);
    const [agent, host] = [pidOf(system, "agent"), pidOf(system, "host")];
    const before = [costOf(agent), costOf(host)];
    await pass(SECONDS * 1000);
    cost.agent = (costOf(agent) - (before[0] ?? 0)) / SECONDS;
    cost.host = (costOf(host) - (before[1] ?? 0)) / SECONDS;
    cost.agent_mb = memoryOf(agent).private_mb;
    metrics = await metricsOf(system.url);
  } finally {
    await system.stop();
  }
  const { key_frames, looks, seconds } = sentBy(data);
  const kb = (bytes: number): string => `${(bytes / 1000 / seconds).toFixed(1)} kB/s`;
  say(`VISION_AT_SITE=${way}, ${seconds.toFixed(0)} s:`);
  say(
    `  key frames: ${key_frames.frames}, ${kb(key_frames.bytes)}, ${(key_frames.bytes / key_frames.frames / 1000).toFixed(1)} kB each`,
  );
  if (looks) say(`  looks: ${looks.looks}, ${kb(looks.bytes)}`);
  say(`  posts of looks: ${sumOf(metrics, /^http_requests_total\{.*agents\/looks/)}`);
  say(
    `  lost on their way: ${sumOf(metrics, /^key_frames_lost_total/)}, evicted at the centre: ${sumOf(metrics, /^frames\{.*read-plates.*evicted/)}`,
  );
  say(`  reads of frames and cameras: ${sumOf(metrics, /^ai_lpr_detections_total/)}`);
  say(`  CPU: agent ${cost.agent.toFixed(2)} s/s (${cost.agent_mb.toFixed(0)} MB), host ${cost.host.toFixed(2)} s/s`);
};

const data = mkdtempSync(join(tmpdir(), "gt-at-site-"));
try {
  for (const way of ["off", "on"] as const) await watch(data, way);
} finally {
  rmSync(data, { recursive: true, force: true });
}
