/** What a chaos run asks of a system, whichever servers it stands on. */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { startGrownSystem } from "#test/harness/grown-system.ts";
import type { FaultProxy } from "#test/harness/fault-proxy.ts";
import { smallVolume, type SmallVolume } from "#test/harness/small-volume.ts";
import { removeData, startSystem, type RunningSystem } from "#test/harness/system.ts";

export type ChaosSystem = Pick<RunningSystem, "url" | "link"> & {
  /** Where its database, its broker and its objects are, for whoever looks at them afterwards. */
  addresses: { owner: string; broker: string; management: string | null; objects: string };
  /** Those that are killed come back by themselves or by whoever kills them. */
  programs: Record<string, Program>;
  lines: Record<string, FaultProxy>;
  volumes: Record<string, SmallVolume>;
  /** Where its programs write. */
  logs: string;
  /** Everything, with its data. */
  end(): Promise<void>;
};

export type Program = {
  /** `null`: it is not there at this moment. */
  pid(): number | null;
  /** As a power cut would; resolves once it is gone, or there again. `null`: it is only paused. */
  kill: (() => Promise<void>) | null;
};

/** Killed like this, its supervisor brings it back. */
export const killed = (pid: () => number | null): Program => ({
  pid,
  kill: async () => {
    const now = pid();
    if (now !== null) process.kill(now, "SIGKILL");
  },
});

const supervised = (system: RunningSystem, name: string): Program =>
  killed(() => system.pids().find((one) => one.name === name)?.pid ?? null);

/** As after `npm start`, with a volume of its own where there is leave to mount one. */
export const oneMachine = async (): Promise<ChaosSystem> => {
  const volume = smallVolume(MACHINE_MEGABYTES);
  const data = volume ? { data: join(volume.path, "data") } : {};
  const system = await startSystem({ args: ["--no-demo"], env: ENVIRONMENT, ...data });
  const secrets = JSON.parse(readFileSync(join(system.data, "secrets", "database.json"), "utf8")) as {
    gt_owner: string;
  };
  const port = readFileSync(join(system.data, "postgres.port"), "utf8").trim();
  return {
    url: system.url,
    link: system.link,
    addresses: {
      owner: `postgres://gt_owner:${secrets.gt_owner}@127.0.0.1:${port}/gt_vision`,
      broker: "postgres:",
      management: null,
      objects: `file:${join(system.data, "objects")}`,
    },
    programs: { host: supervised(system, "host"), postgres: supervised(system, "postgres") },
    lines: {},
    volumes: volume ? { "volume of everything": volume } : {},
    logs: join(system.data, "logs"),
    end: async () => {
      await system.stop();
      if (volume) volume.remove();
      else removeData(system);
    },
  };
};
/** Plates in frames take all that a small machine has, and their frames promise less: they have faults of their own. */
const ENVIRONMENT = { VISION_PROVIDER: "off" };
const MACHINE_MEGABYTES = 900;
const OBJECTS_MEGABYTES = 200;

/** On every server, the S3 on a volume of its own where there is leave to mount one. */
export const grown = async (): Promise<ChaosSystem> => {
  const volume = smallVolume(OBJECTS_MEGABYTES);
  const system = await startGrownSystem({
    args: ["--no-demo"],
    env: ENVIRONMENT,
    ...(volume ? { objects_folder: join(volume.path, "objects") } : {}),
  }).catch((error: unknown) => {
    volume?.remove();
    throw error;
  });
  const { servers } = system;
  const pidOf = (name: string) => () => servers.pids().find((one) => one.name === name)?.pid ?? null;
  const server = (name: keyof typeof servers.lines): Program => ({
    pid: pidOf(name),
    kill: () => servers.killAndRestart(name),
  });
  return {
    url: system.url,
    link: system.link,
    addresses: {
      owner: servers.addresses["OWNER_DATABASE_URL"] ?? "",
      broker: servers.addresses["BROKER_URL"] ?? "",
      management: servers.addresses["RABBITMQ_MANAGEMENT_URL"] ?? "",
      objects: servers.addresses["OBJECTS_URL"] ?? "",
    },
    programs: {
      host: supervised(system, "host"),
      postgres: server("postgres"),
      rabbitmq: server("rabbitmq"),
      redis: server("redis"),
      objects: server("objects"),
      pgbouncer: { pid: pidOf("pgbouncer"), kill: null },
    },
    lines: Object.fromEntries(Object.entries(servers.lines).map(([name, line]) => [`line to ${name}`, line])),
    volumes: volume ? { "volume of the objects": volume } : {},
    logs: join(system.data, "logs"),
    end: async () => {
      await system.end();
      volume?.remove();
    },
  };
};

/** A folder on a small volume, or beside everything else where none can be mounted. */
export const folderOn = (volume: SmallVolume | null, otherwise: string): string => {
  const folder = join(volume?.path ?? otherwise, "folder");
  mkdirSync(folder, { recursive: true });
  return folder;
};
