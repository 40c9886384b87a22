/** Starting a server in the foreground, on ports that are free, and ending it by its number. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export type Running = {
  pid: number;
  /** In order: what it acknowledged is kept where it keeps anything. */
  stop(): Promise<void>;
  /** As a power cut would. Its folder stays. */
  kill(): Promise<void>;
  /** Its last words, for a fault that a test wants to explain. */
  words(): string;
};

export type Program = {
  /** For messages. */
  name: string;
  command: string;
  args: readonly string[];
  env?: Record<string, string>;
  /** Some servers refuse root. */
  uid?: number;
  /** Resolves when it serves; a throw means not yet. */
  ready(): Promise<void>;
  ready_ms: number;
  end: "SIGTERM" | "SIGINT";
  say?: (line: string) => void;
};

const WORDS_KEPT = 100;
const SAY_EVERY_MS = 10_000;

export const startProgram = async (program: Program): Promise<Running> => {
  const { name, command, args, uid } = program;
  const identity = uid === undefined ? {} : { uid, gid: uid };
  // A group of its own: an interrupt typed at the terminal reaches the tests, which then end their servers in order.
  const child = spawn(command, args, {
    env: { PATH: process.env["PATH"] ?? "", LC_ALL: "C.UTF-8", ...program.env },
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    ...identity,
  });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => {
      lines.push(String(chunk));
      if (lines.length > WORDS_KEPT) lines.shift();
    });
  const words = (): string => lines.join("");
  let fault: Error | null = null;
  child.on("error", (error) => void (fault = error));
  const begin = performance.now();
  for (let said = begin; ;) {
    if (fault !== null || hasEnded(child))
      throw new Error(`${name} did not start: ${String(fault ?? "")}\n${words()}`, { cause: fault });
    const isReady = await program.ready().then(
      () => true,
      () => false,
    );
    if (isReady) break;
    const now = performance.now();
    if (now - begin > program.ready_ms) {
      child.kill("SIGKILL");
      throw new Error(`${name} was not ready in ${program.ready_ms / 1000} s:\n${words()}`);
    }
    if (now - said > SAY_EVERY_MS) {
      said = now;
      program.say?.(`${name} is still starting (${Math.round((now - begin) / 1000)} s)`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const ended = async (signal: NodeJS.Signals): Promise<void> => {
    if (hasEnded(child)) return;
    const gone = once(child, "exit");
    child.kill(signal);
    const late = setTimeout(() => child.kill("SIGKILL"), 20_000);
    await gone;
    clearTimeout(late);
  };
  return { pid: child.pid ?? 0, stop: () => ended(program.end), kill: () => ended("SIGKILL"), words };
};

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

/** Different ones, because all are held until the last is known. */
export const freePorts = async (count: number): Promise<number[]> => {
  const servers = Array.from({ length: count }, () => createServer());
  await Promise.all(servers.map((server) => once(server.listen(0, "127.0.0.1"), "listening")));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
};

export const temporaryFolder = (name: string): { path: string; remove(): void } => {
  const path = mkdtempSync(join(tmpdir(), `gt-${name}-`));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
};
