/** RabbitMQ in a folder of its own: home, cookie, node name, epmd and ports are nobody else's. */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { freePorts, startProgram, temporaryFolder, type Running } from "./process.ts";

export type RabbitmqServer = Running & {
  /** Without a virtual host: `${url}/name`. */
  url: string;
  port: number;
  /** With the password in it; `/api/…` follows. */
  management_url: string;
  /** `rabbitmqctl`. Answers what it printed. 1–2 s each: it is a virtual machine of its own. */
  ctl(...args: readonly string[]): Promise<string>;
  /** After a `kill`: the same node over the same folder. Answers when it takes connections. */
  start(): Promise<void>;
};
export type RabbitmqOptions = {
  /** Its server script, not the wrapper that changes the user. */
  binary: string;
  /** Further lines of `rabbitmq.conf`. */
  settings?: Record<string, string | number>;
  /** The text of a file of definitions, loaded at its start into the virtual hosts that it names. */
  definitions?: string;
  /** Default true. Without it nothing but `ctl` operates it, and it starts sooner. */
  management?: boolean;
  say?: (line: string) => void;
};

type Ports = { amqp: number; distribution: number; epmd: number; management: number };
const USER = "gt";
const READY_MS = 120_000;

export const startRabbitmq = async (options: RabbitmqOptions): Promise<RabbitmqServer> => {
  const folder = temporaryFolder("rabbitmq");
  const [amqp = 0, distribution = 0, epmd = 0, management = 0] = await freePorts(4);
  const ports = { amqp, distribution, epmd, management };
  const password = randomBytes(16).toString("hex");
  const env = prepare(folder.path, ports, password, options);
  const bin = dirname(options.binary);
  const say = options.say ? { say: options.say } : {};

  // In the foreground and ours: started by the node it would stay behind as a daemon.
  const names = await startProgram({
    name: "epmd",
    command: "epmd",
    args: ["-address", "127.0.0.1", "-port", String(epmd)],
    env,
    ready: () => connects(epmd),
    ready_ms: 20_000,
    end: "SIGTERM",
  });
  const begin = (): Promise<Running> =>
    startProgram({
      name: "RabbitMQ",
      command: options.binary,
      args: [],
      env,
      ready: async () => {
        await connects(amqp);
        if (options.management !== false) await connects(management);
      },
      ready_ms: READY_MS,
      end: "SIGTERM",
      ...say,
    });
  let running = await begin().catch(async (error: unknown) => {
    await names.stop();
    folder.remove();
    throw error;
  });

  return {
    url: `amqp://${USER}:${password}@127.0.0.1:${amqp}`,
    port: amqp,
    management_url: `http://${USER}:${password}@127.0.0.1:${management}`,
    get pid() {
      return running.pid;
    },
    words: () => running.words(),
    kill: () => running.kill(),
    start: async () => void (running = await begin()),
    ctl: (...args) => control(join(bin, "rabbitmqctl"), args, env),
    stop: async () => {
      await running.stop();
      await names.stop();
      folder.remove();
    },
  };
};

const prepare = (
  folder: string,
  { amqp, distribution, epmd, management }: Ports,
  password: string,
  { settings, definitions, management: isManaged = true }: RabbitmqOptions,
): Record<string, string> => {
  const home = join(folder, "home");
  mkdirSync(home);
  const cookie = join(home, ".erlang.cookie");
  writeFileSync(cookie, randomBytes(16).toString("hex"));
  chmodSync(cookie, 0o400);
  const file = join(folder, "definitions.json");
  if (definitions !== undefined) writeFileSync(file, withUser(definitions, password));
  const conf = {
    "listeners.tcp.1": `127.0.0.1:${amqp}`,
    ...(isManaged ? { "management.tcp.ip": "127.0.0.1", "management.tcp.port": management } : {}),
    ...(definitions === undefined ? {} : { load_definitions: file }),
    default_user: USER,
    default_pass: password,
    "log.console.level": "warning",
    "disk_free_limit.absolute": "50MB",
    "vm_memory_high_watermark.absolute": "1GB",
    ...settings,
  };
  const lines = Object.entries(conf).map(([name, value]) => `${name} = ${value}\n`);
  writeFileSync(join(folder, "rabbitmq.conf"), lines.join(""), { mode: 0o600 });
  writeFileSync(join(folder, "enabled_plugins"), isManaged ? "[rabbitmq_management]." : "[].");
  return {
    HOME: home,
    RABBITMQ_CONF_ENV_FILE: "/dev/null",
    RABBITMQ_NODENAME: `r${amqp}@localhost`,
    RABBITMQ_BASE: folder,
    RABBITMQ_MNESIA_BASE: join(folder, "mnesia"),
    RABBITMQ_LOG_BASE: join(folder, "log"),
    RABBITMQ_LOGS: "-",
    RABBITMQ_PID_FILE: join(folder, "pid"),
    RABBITMQ_CONFIG_FILE: join(folder, "rabbitmq"),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, "enabled_plugins"),
    RABBITMQ_NODE_IP_ADDRESS: "127.0.0.1",
    RABBITMQ_NODE_PORT: String(amqp),
    RABBITMQ_DIST_PORT: String(distribution),
    ERL_EPMD_PORT: String(epmd),
    ERL_EPMD_ADDRESS: "127.0.0.1",
    // Else it lies where the tests were started.
    ERL_CRASH_DUMP: join(folder, "crash.dump"),
    // The script then becomes the node: its number is the one to end. It has no other effect without systemd's socket.
    RUNNING_UNDER_SYSTEMD: "1",
    // Schedulers that spin while they wait take the time of the tests. The timeout is that of `infra/compose.yml`.
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS:
      "-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +sbwtdcpu none +sbwtdio none -rabbit dead_letter_worker_publisher_confirm_timeout 10000",
  };
};

/** A node that loads definitions makes no user of its own. */
const withUser = (definitions: string, password: string): string => {
  const given = JSON.parse(definitions) as { vhosts: { name: string }[] };
  const all = { user: USER, configure: ".*", write: ".*", read: ".*" };
  return JSON.stringify({
    ...given,
    users: [{ name: USER, password, tags: "administrator" }],
    permissions: given.vhosts.map(({ name }) => ({ ...all, vhost: name })),
  });
};

const connects = async (port: number): Promise<void> => {
  const socket = createConnection(port, "127.0.0.1");
  await once(socket, "connect").finally(() => socket.destroy());
};

const control = (command: string, args: readonly string[], env: Record<string, string>): Promise<string> =>
  new Promise((resolve, reject) => {
    const all = ["-n", env["RABBITMQ_NODENAME"] ?? "", ...args];
    const child = spawn(command, all, { env: { PATH: process.env["PATH"] ?? "", LC_ALL: "C.UTF-8", ...env } });
    let out = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (out += String(chunk)));
    child.on("error", reject);
    child.on("close", (code) =>
      code === 0 ? resolve(out) : reject(new Error(`rabbitmqctl ${args[0]} answered ${code}: ${out}`)),
    );
  });
