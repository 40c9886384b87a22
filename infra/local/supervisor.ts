/** Keeps a process running: restarts it with back-off, stops it in order, leaves nothing behind. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Writable } from "node:stream";

export type ProcessSpec = {
  name: string;
  args: readonly string[];
  env?: Record<string, string>;
  /** Where its output goes. */
  output: Writable;
  /** The process says `{ready: true}` over IPC; without it it counts as ready when it runs. */
  saysReady: boolean;
  /** Given to it before SIGKILL. Default 25 s. */
  stop_seconds?: number;
};

export type Supervised = {
  /** Resolves at the first time it is ready; rejects when it ended five times before that. */
  ready: Promise<void>;
  pid(): number | undefined;
  restarts(): number;
  stop(): Promise<void>;
};

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
/** Running this long, it is healthy again and the pauses begin anew. */
const HEALTHY_MS = 30_000;
const GIVE_UP_BEFORE_READY = 5;

export const supervise = (spec: ProcessSpec, onRestart: (why: string) => void): Supervised => {
  let child: ChildProcess | null = null;
  let stopping = false;
  let wasReady = false;
  let restarts = 0;
  let pause = FIRST_PAUSE_MS;
  let timer: NodeJS.Timeout | null = null;
  const ready = Promise.withResolvers<void>();
  ready.promise.catch(() => {});

  const start = (): void => {
    const began = Date.now();
    child = launch(spec);
    const becomeReady = (): void => {
      wasReady = true;
      ready.resolve();
    };
    if (!spec.saysReady) child.once("spawn", becomeReady);
    child.on("message", (message) => {
      if (isReady(message)) becomeReady();
    });
    child.once("exit", (code, signal) => {
      child = null;
      if (stopping) return;
      restarts += 1;
      if (Date.now() - began > HEALTHY_MS) pause = FIRST_PAUSE_MS;
      const why = signal ? `ended by ${signal}` : `ended with code ${code}`;
      if (!wasReady && restarts >= GIVE_UP_BEFORE_READY)
        return ready.reject(new Error(`${spec.name} does not start: ${why}`));
      onRestart(why);
      timer = setTimeout(start, pause);
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    });
  };
  start();

  return {
    ready: ready.promise,
    pid: () => child?.pid,
    restarts: () => restarts,
    async stop() {
      stopping = true;
      if (timer) clearTimeout(timer);
      if (child) await end(child, (spec.stop_seconds ?? 25) * 1000);
    },
  };
};

const isReady = (message: unknown): boolean => typeof message === "object" && message !== null && "ready" in message;

const launch = (spec: ProcessSpec): ChildProcess => {
  const child = spawn(process.execPath, spec.args, {
    // A group of its own: Ctrl-C in the terminal reaches the supervisor alone, which stops things in order.
    detached: true,
    env: { ...minimalEnvironment(), ...spec.env },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  child.stdout?.pipe(spec.output, { end: false });
  child.stderr?.pipe(spec.output, { end: false });
  child.on("error", () => {});
  return child;
};

const minimalEnvironment = (): Record<string, string> => {
  // Of Node's own: whom it trusts, for servers that an authority of the house vouches for, and where it keeps compiled code.
  const kept = [
    "PATH",
    "HOME",
    "LANG",
    "TZ",
    "TMPDIR",
    "NODE_EXTRA_CA_CERTS",
    "NODE_USE_SYSTEM_CA",
    "NODE_COMPILE_CACHE",
  ];
  return Object.fromEntries(kept.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
};

const end = async (child: ChildProcess, patience_ms: number): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), patience_ms);
  await gone;
  clearTimeout(timer);
};
