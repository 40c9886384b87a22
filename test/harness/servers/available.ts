/**
 * Where the servers of the tests come from: the PATH, a folder of programs built earlier, or an installation, which is
 * announced. What cannot be had is answered with the reason.
 *
 * GT_SERVERS=FOLDER   where built programs are kept; default ~/.cache/gt-vision/servers
 * GT_INSTALL=no       installs and builds nothing
 */
import { spawn } from "node:child_process";
import { accessSync, constants, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";

export const serverNames = ["redis", "rabbitmq", "minio", "versitygw", "pgbouncer"] as const;
export type ServerName = (typeof serverNames)[number];
/** What a test starts for itself is not one of the run's servers. */
export type ProgramName = ServerName | "haproxy";
export type Availability = { binary: string } | { missing: string };

type Origin = {
  /** Looked for in these folders before the PATH. */
  folders?: readonly string[];
  program: string;
} & ({ apt: string } | { go: string; takes: string });

const origins: Record<ProgramName, Origin> = {
  haproxy: { program: "haproxy", folders: ["/usr/sbin"], apt: "haproxy" },
  redis: { program: "redis-server", apt: "redis-server" },
  // What lies on the PATH changes to the user rabbitmq.
  rabbitmq: { program: "rabbitmq-server", folders: ["/usr/lib/rabbitmq/bin"], apt: "rabbitmq-server" },
  pgbouncer: { program: "pgbouncer", folders: ["/usr/sbin"], apt: "pgbouncer" },
  // The makers publish programs no more; this is the last state of the sources.
  minio: {
    program: "minio",
    go: "github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c",
    takes: "some three minutes",
  },
  versitygw: {
    program: "versitygw",
    go: "github.com/versity/versitygw/cmd/versitygw@v1.8.0",
    takes: "some two minutes",
  },
};

type Environment = Record<string, string | undefined>;

const cacheFolder = (environment: Environment): string =>
  environment["GT_SERVERS"] ?? join(homedir(), ".cache/gt-vision/servers");

/** Installs where it must and may. `say` hears of it before it begins. */
export const findServer = async (
  name: ProgramName,
  say: (line: string) => void,
  environment: Environment = process.env,
): Promise<Availability> => {
  const origin = origins[name];
  const there = look(origin, environment);
  if (there !== null) return { binary: there };
  if (environment["GT_INSTALL"] === "no") return { missing: `${origin.program} is not there and GT_INSTALL=no` };
  const folder = cacheFolder(environment);
  const fault = "apt" in origin ? await installPackage(origin, say) : await build(origin, folder, say);
  const installed = look(origin, environment);
  if (installed !== null) return { binary: installed };
  return { missing: fault ?? `${origin.program} is not where its installation should have put it` };
};

const look = ({ program, folders = [] }: Origin, environment: Environment): string | null => {
  const path = (environment["PATH"] ?? "").split(delimiter);
  for (const folder of [...folders, ...path, cacheFolder(environment)]) {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return join(folder, program);
    } catch {
      // The next folder.
    }
  }
  return null;
};

const installPackage = async (
  origin: Origin & { apt: string },
  say: (line: string) => void,
): Promise<string | null> => {
  if (process.getuid?.() !== 0) return `${origin.program} is not there; as root: apt-get install ${origin.apt}`;
  say(`Installing ${origin.apt} by apt-get: a minute or so, once.`);
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  // Somebody else's apt-get may be at it: it is waited for.
  const apt = ["-qq", "-o", "DPkg::Lock::Timeout=300"];
  const install = [...apt, "install", "--yes", "--no-install-recommends", origin.apt];
  const fault = await run("apt-get", install, env);
  if (fault === null) return null;
  // A bare machine has no list of packages yet, or an old one.
  return (await run("apt-get", [...apt, "update"], env)) ?? (await run("apt-get", install, env));
};

const build = async (
  origin: Origin & { go: string; takes: string },
  folder: string,
  say: (line: string) => void,
): Promise<string | null> => {
  mkdirSync(folder, { recursive: true });
  say(`Building ${origin.program} from its sources into ${folder}: ${origin.takes}, once.`);
  return run("go", ["install", "-ldflags=-s -w", origin.go], { GOBIN: folder });
};

/** Answers what went wrong. */
const run = (command: string, args: readonly string[], env: Record<string, string>): Promise<string | null> =>
  new Promise((resolve) => {
    const child = spawn("nice", [command, ...args], {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let words = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (words += String(chunk)));
    const failed = (what: string): void => resolve(`${command} ${args.at(-1)} ${what}: ${words.trim().slice(-500)}`);
    child.on("error", (error) => failed(error.message));
    child.on("close", (code) => (code === 0 ? resolve(null) : failed(`answered ${code}`)));
  });
