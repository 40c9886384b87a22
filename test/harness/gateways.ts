/** Gateways as processes of their own behind one address, which HAProxy shares out in turn. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeSecrets } from "#test/workerd/replicas.ts";
import { SYSTEM_TOKEN, testMaterial } from "./host.ts";
import { freePorts, startProgram, type Running } from "./servers/process.ts";

export type GatewayProcess = { url: string; port: number; kill(): Promise<void>; stop(): Promise<void> };
export type Gateways = {
  /** Of all of them. */
  url: string;
  each: readonly GatewayProcess[];
  /** One more in the place of one that has ended. */
  revive(n: number): Promise<GatewayProcess>;
  close(): Promise<void>;
};

export type GatewayAddresses = { SYSTEM_DATABASE_URL: string; CACHE_URL: string; FRAMES_URL: string };

const main = join(import.meta.dirname, "../../gateway/main.ts");

export const startGateways = async (
  addresses: GatewayAddresses,
  options: { count: number; haproxy: string },
): Promise<Gateways> => {
  const folder = mkdtempSync(join(tmpdir(), "gt-gateways-"));
  const secrets = join(folder, "secrets");
  writeSecrets(secrets, { ...(await testMaterial()), system_token: SYSTEM_TOKEN });
  const ports = await freePorts(options.count + 1);
  const [front = 0, ...own] = ports;
  const start = (port: number): Promise<GatewayProcess> =>
    startGateway({ ...addresses, SECRETS_DIR: secrets, PORT: String(port), GATEWAY_URL: `http://127.0.0.1:${port}` });
  const each = await Promise.all(own.map(start));
  const balancer = await startBalancer(options.haproxy, join(folder, "haproxy"), front, own);
  return {
    url: `http://127.0.0.1:${front}`,
    each,
    async revive(n) {
      const revived = await start(own[n] ?? 0);
      each[n] = revived;
      return revived;
    },
    async close() {
      await balancer.stop();
      await Promise.all(each.map((gateway) => gateway.stop()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

export const startGateway = async (env: Record<string, string>): Promise<GatewayProcess> => {
  const child = fork(main, {
    env: { PATH: process.env["PATH"] ?? "", ...env },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  let words = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (chunk) => (words = (words + chunk).slice(-4000)));
  const ready = await Promise.race([
    once(child, "message").then(([message]) => message as { port: number }),
    once(child, "exit").then(() => null),
  ]);
  if (!ready) throw new Error(`The gateway did not start: ${words}`);
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill(signal);
    await gone;
  };
  const { port } = ready;
  return { url: `http://127.0.0.1:${port}`, port, kill: () => end("SIGKILL"), stop: () => end("SIGTERM") };
};

const startBalancer = (haproxy: string, folder: string, front: number, behind: readonly number[]): Promise<Running> => {
  mkdirSync(folder);
  const file = join(folder, "haproxy.cfg");
  const lines = [
    "defaults",
    "  mode http",
    "  timeout connect 2s",
    "  timeout client 60s",
    "  timeout server 60s",
    "  timeout tunnel 1h",
    "  option redispatch",
    "  retries 3",
    "frontend all",
    `  bind 127.0.0.1:${front}`,
    "  default_backend gateways",
    "backend gateways",
    "  balance roundrobin",
    "  option httpchk",
    "  http-check send meth GET uri /_/health ver HTTP/1.1 hdr Host gateway",
    // Who is gone refuses at once; who is only busy is not to lose its people.
    "  timeout check 5s",
    "  default-server inter 500ms fall 2 rise 1 on-marked-down shutdown-sessions",
    ...behind.map((port, n) => `  server g${n} 127.0.0.1:${port} check`),
    "",
  ];
  writeFileSync(file, lines.join("\n"));
  return startProgram({
    name: "HAProxy",
    command: haproxy,
    args: ["-W", "-db", "-f", file],
    ready: async () => {
      const { ok } = await fetch(`http://127.0.0.1:${front}/_/health`);
      if (!ok) throw new Error("no gateway is well");
    },
    ready_ms: 20_000,
    end: "SIGTERM",
  });
};
