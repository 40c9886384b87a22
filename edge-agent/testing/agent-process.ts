/** A real agent in a process of its own. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AGENT_ENVIRONMENT, AGENT_NODE_ARGUMENTS } from "../node-options.ts";
import { ENROLMENT_CODE } from "./stand-in-server.ts";

const program = join(import.meta.dirname, "..", "main.ts");

export type AgentProcess = {
  pid: number;
  /** Everything it wrote on both outputs. */
  output(): string;
  /** Its FFmpegs. */
  writers(): number[];
  /** As a service manager does. Answers its exit code. */
  stop(): Promise<number | null>;
  kill(): Promise<void>;
};

export type AgentOptions = {
  dir: string;
  server: string;
  camera_networks?: readonly string[];
  reserve_bytes?: number;
  node_arguments?: readonly string[];
  /** Default: the stand-in server's. */
  enrolment_code?: string;
  /** Beside what the tests' own process has. */
  env?: Record<string, string>;
};

export const startAgentProcess = (options: AgentOptions): AgentProcess => {
  const { dir, server, camera_networks = ["127.0.0.1"], reserve_bytes = 1, node_arguments = [] } = options;
  mkdirSync(dir, { recursive: true });
  const enrolment_code_file = join(dir, "code");
  writeFileSync(enrolment_code_file, options.enrolment_code ?? ENROLMENT_CODE);
  const config = join(dir, "config.json");
  writeFileSync(config, JSON.stringify({ server, dir, enrolment_code_file, camera_networks, reserve_bytes }));
  const child = spawn(process.execPath, [...AGENT_NODE_ARGUMENTS, ...node_arguments, program, config], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...AGENT_ENVIRONMENT, ...options.env },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += String(chunk)));
  return {
    pid: child.pid ?? 0,
    output: () => output,
    writers: () => childrenOf(child.pid ?? 0),
    stop: () => end(child, "SIGTERM"),
    kill: async () => void (await end(child, "SIGKILL")),
  };
};

const end = async (child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> => {
  if (child.exitCode === null && child.signalCode === null) {
    const gone = once(child, "exit");
    child.kill(signal);
    await gone;
  }
  return child.exitCode;
};

export const childrenOf = (parent: number): number[] =>
  readdirSync("/proc").flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, "utf8");
      return Number(/\) \S (\d+)/.exec(stat)?.[1]) === parent ? [Number(entry)] : [];
    } catch {
      // It ended while we looked.
      return [];
    }
  });
