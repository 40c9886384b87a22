/** The whole system as a user has it: `npm start` in a folder of its own, on a free port, and somebody signed in. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { untilNextLook } from "./looking.ts";

const root = join(import.meta.dirname, "..", "..");
const START_MS = 180_000;

export const administrator = {
  nome: "Administradora de Teste",
  email: "admin@example.org",
  password: "correto cavalo bateria grampo",
};

export type Api = <T>(
  method: string,
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
) => Promise<{ status: number; body: T; headers: Headers }>;

export type RunningSystem = {
  url: string;
  data: string;
  output(): string;
  /** The one-time link, as printed. */
  link(): string | null;
  /** Process numbers by name: host, agent, demo, postgres, supervisor and every FFmpeg. */
  pids(): { name: string; pid: number }[];
  stop(): Promise<number | null>;
  /** Ends it at once, as a power cut would end the programs. */
  kill(): Promise<void>;
};

export type StartOptions = {
  data?: string;
  args?: readonly string[];
  port?: number;
  /** Beside what the tests' own process has. */
  env?: Record<string, string>;
  /** Another copy of the checkout, and another user than who runs the tests (as root only). */
  checkout?: string;
  uid?: number;
};

export const startSystem = async (options: StartOptions = {}): Promise<RunningSystem> => {
  const data = options.data ?? mkdtempSync(join(tmpdir(), "gt-system-"));
  const port = options.port ?? (await freePort());
  const args = ["infra/local/start.ts", "--data", data, "--port", String(port), ...(options.args ?? [])];
  const checkout = options.checkout ?? root;
  const identity = options.uid === undefined ? {} : { uid: options.uid, gid: options.uid };
  const node = join(checkout, "node_modules/node/bin/node");
  const env = { ...process.env, ...options.env };
  const child = spawn(node, args, { cwd: checkout, stdio: ["ignore", "pipe", "pipe"], env, ...identity });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += String(chunk)));
  const url = `http://127.0.0.1:${port}`;
  await untilRunning(child, () => output);
  return {
    url,
    data,
    output: () => output,
    link: () => /http\S+\/first-access#\S+/.exec(output)?.[0] ?? null,
    pids: () => processesOf(child.pid ?? 0, data),
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        const gone = once(child, "exit");
        child.kill("SIGINT");
        await gone;
      }
      return child.exitCode;
    },
    async kill() {
      for (const { pid } of processesOf(child.pid ?? 0, data)) killQuietly(pid);
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    },
  };
};

const untilRunning = async (child: ChildProcess, output: () => string): Promise<void> => {
  for (const deadline = Date.now() + START_MS; Date.now() < deadline;) {
    if (output().includes("GT-Vision is running")) return;
    if (child.exitCode !== null) throw new Error(`the start ended with ${child.exitCode}:\n${output()}`);
    await pause(50);
  }
  child.kill("SIGINT");
  throw new Error(`not running after ${START_MS / 1000} s:\n${output()}`);
};

/** Every process below the supervisor, and those that name the data folder (groups of their own, left by a kill). */
const processesOf = (supervisor: number, data: string): { name: string; pid: number }[] => {
  const parents = new Map<number, number>();
  const lines = new Map<number, string>();
  for (const entry of readdirSync("/proc")) {
    const pid = Number(entry);
    if (!Number.isInteger(pid)) continue;
    try {
      parents.set(pid, Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1]));
      lines.set(pid, readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " "));
    } catch {
      // It ended while we looked.
    }
  }
  const isBelow = (pid: number): boolean => pid === supervisor || (pid > 1 && isBelow(parents.get(pid) ?? 0));
  return [...lines]
    .filter(([pid, line]) => line !== "" && pid !== process.pid && (isBelow(pid) || line.includes(data)))
    .map(([pid, line]) => ({ pid, name: nameOf(line, pid === supervisor) }));
};

/** What runs for a data folder, whoever started it: below nobody, not even the 0 that stands for a parent which just ended. */
export const runsNow = (data: string): string[] => processesOf(-1, data).map(({ name, pid }) => `${name} ${pid}`);

const nameOf = (line: string, isSupervisor: boolean): string => {
  if (isSupervisor) return "supervisor";
  for (const name of ["host", "agent", "demo"])
    if (
      line.includes(
        `${name === "host" ? "infra/local" : name === "agent" ? "edge-agent" : "demo"}/${name === "host" ? "host" : "main"}.ts`,
      )
    )
      return name;
  if (line.includes("ffmpeg")) return "ffmpeg";
  if (/native\/bin\/postgres|^postgres:/.test(line)) return line.includes(" -D ") ? "postgres" : "postgres backend";
  return line.split(" ")[0] ?? "";
};

const killQuietly = (pid: number): void => {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // Already gone.
  }
};

/** Signs in by the printed link; `api` sends JSON with the access token. */
export const signIn = async (system: RunningSystem): Promise<Api> => {
  const secret = system.link()?.split("#")[1];
  const first = apiOf(system.url, null);
  const path = secret ? "/api/links/accept" : "/api/sessions";
  const { email, password } = administrator;
  const answer = await first<{ access_token: string }>(
    "POST",
    path,
    secret ? { secret, ...administrator } : { email, password },
    { origin: system.url },
  );
  if (answer.status >= 300) throw new Error(`sign-in: ${answer.status} ${JSON.stringify(answer.body)}`);
  return apiOf(system.url, answer.body.access_token);
};

const apiOf =
  (url: string, token: string | null): Api =>
  async <T>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: (text === "" ? null : JSON.parse(text)) as T, headers: response.headers };
  };

export const freePort = async (): Promise<number> => {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
};

export const until = async <T>(
  what: string,
  ms: number,
  look: () => Promise<T | undefined> | T | undefined,
): Promise<T> => {
  for (const began = Date.now(); ;) {
    const found = await look();
    if (found !== undefined) return found;
    const waited = Date.now() - began;
    if (waited > ms) throw new Error(`waited ${ms / 1000} s in vain for ${what}`);
    await pause(untilNextLook(waited, 50, 500));
  }
};

export const removeData = (system: RunningSystem): void => rmSync(system.data, { recursive: true, force: true });

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
