/** The kit and the bare server under the same load, one after the other, on the same database. */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sha256Hex } from "#lib/function/access.ts";
import { connectSql, type Sql } from "#lib/db/connect.ts";
import { uuidv7 } from "#lib/ids.ts";
import { newMaterial } from "#lib/secrets/material.ts";
import { keysFrom } from "#lib/secrets/key-rings.ts";
import type { FromServer } from "./api-server.ts";
import type { Load, Measured } from "./load.ts";
import type { City } from "./million-reads.ts";

export type Urls = { app: string; system: string; owner: string };
export type Compared = {
  /** Median over the rounds, µs of the server's CPU per request. */
  cpu_us: { kit: number; bare: number };
  kit: Measured;
  rate: number;
  requests: number;
};

export const ratioOf = ({ cpu_us: { kit, bare } }: Compared): number => kit / bare;

export const compare = async (options: {
  urls: Urls;
  cities: readonly City[];
  load: Pick<Load, "rate" | "seconds" | "reads">;
  rounds: number;
}): Promise<Compared> => {
  const { urls, load, rounds } = options;
  const material = await newMaterial(new Date());
  const owner = connectSql(urls.owner, { max: 1 });
  const cities = await Promise.all(options.cities.map((city) => withCredentials(owner, keysFrom(material), city)));
  await owner.end();
  const objects = mkdtempSync(join(tmpdir(), "gt-bench-objects-"));
  const environment = {
    DATABASE_URL: urls.app,
    SYSTEM_DATABASE_URL: urls.system,
    SECRETS: JSON.stringify(material),
    OBJECTS: objects,
  };
  const servers = { bare: await startServer("bare", environment), kit: await startServer("kit", environment) };
  const cpu = { kit: [] as number[], bare: [] as number[] };
  let kit: Measured = { kinds: {}, refused: {}, late: 0 };
  const requests = Math.round(load.rate * load.seconds);
  try {
    for (let round = 0; round <= rounds; round += 1) {
      for (const name of ["bare", "kit"] as const) {
        const { port, child } = servers[name];
        const before = await cpuOf(child);
        const measured = await loadFrom({ ...load, port, cities });
        mustAllBeAnswered(name, measured);
        // The first round warms up both, and every cache below them.
        if (round === 0) continue;
        cpu[name].push(((await cpuOf(child)) - before) / requests);
        if (name === "kit") kit = measured;
      }
    }
  } finally {
    for (const { child } of Object.values(servers)) child.disconnect();
    rmSync(objects, { recursive: true });
  }
  return { cpu_us: { kit: median(cpu.kit), bare: median(cpu.bare) }, kit, rate: load.rate, requests };
};

const startServer = async (
  kind: "kit" | "bare",
  env: Record<string, string>,
): Promise<{ child: ChildProcess; port: number }> => {
  const stdio = ["ignore", "ignore", "inherit", "ipc"] as const;
  const child = fork(join(import.meta.dirname, "api-server.ts"), [kind], { env, stdio: [...stdio] });
  const [message] = (await once(child, "message")) as [FromServer];
  if (!("listening" in message)) throw new Error(`${kind} does not listen`);
  return { child, port: message.listening };
};

const cpuOf = async (child: ChildProcess): Promise<number> => {
  const told = once(child, "message");
  child.send("cpu");
  const [message] = (await told) as [FromServer];
  return "cpu_us" in message ? message.cpu_us : 0;
};

const loadFrom = async (load: Load): Promise<Measured> => {
  const child = fork(join(import.meta.dirname, "load.ts"));
  const [told, gone] = [once(child, "message"), once(child, "exit")];
  child.send(load);
  const ended = gone.then(([code]) => {
    throw new Error(`The load ended with ${String(code)} and said nothing`);
  });
  const [measured] = (await Promise.race([told, ended])) as [Measured];
  await gone;
  return measured;
};

const mustAllBeAnswered = (name: string, { refused }: Measured): void => {
  if (Object.keys(refused).length > 0) throw new Error(`${name} refused: ${JSON.stringify(refused)}`);
};

/** Somebody of the city who may see and search plates, and a camera's key. */
const withCredentials = async (
  owner: Sql,
  keys: ReturnType<typeof keysFrom>,
  city: City,
): Promise<Load["cities"][number]> => {
  const [user, session, role] = [uuidv7(), uuidv7(), uuidv7()];
  const { cidade_id, camera_ids } = city;
  await owner`insert into users (id, email, nome, password_hash) values (${user}, ${`${user}@example.org`}, 'Pessoa de Teste', 'none')`;
  await owner`insert into sessions (id, user_id, refresh_hash, expires_at) values (${session}, ${user}, ${session}, now() + interval '1 day')`;
  await owner`insert into roles (id, name, permissions) values (${role}, ${role}, '["plates.view", "plates.search"]')`;
  await owner`insert into user_roles (id, user_id, role_id, cidade_id) values (${uuidv7()}, ${user}, ${role}, ${cidade_id})`;
  const camera_key = `gtk_${crypto.randomUUID().replaceAll("-", "")}`;
  await owner`insert into camera_keys (cidade_id, id, camera_id, key_hash)
    values (${cidade_id}, ${uuidv7()}, ${camera_ids[0] ?? ""}, ${await sha256Hex(camera_key)})`;
  const { token } = await keys.signAccessToken({ sub: user, sid: session, sv: 1 });
  return { ...city, token, camera_key };
};

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** `share`: 0.95 for the 95th percentile. */
export const quantile = (values: readonly number[], share: number): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
};

export const tableOf = (compared: Compared): string => {
  const { cpu_us, kit, rate, requests } = compared;
  const kinds = { ...kit.kinds, all: Object.values(kit.kinds).flat() };
  const line = ([kind, times]: [string, number[]]): string => {
    const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => quantile(times, share).toFixed(1).padStart(8));
    return `${kind.padEnd(18)}${String(times.length).padStart(8)}${p50}${p95}${p99}`;
  };
  return [
    `${requests} requests at ${rate}/s, ms from the instant each was due (${kit.late} sent late)`,
    `${"".padEnd(18)}${"n".padStart(8)}${["p50", "p95", "p99"].map((name) => name.padStart(8)).join("")}`,
    ...Object.entries(kinds)
      .toSorted(([a], [b]) => a.localeCompare(b))
      .map(line),
    `CPU per request: kit ${cpu_us.kit.toFixed(0)} µs, bare ${cpu_us.bare.toFixed(0)} µs, ratio ${ratioOf(compared).toFixed(2)} (limit 1.5)`,
  ].join("\n");
};
