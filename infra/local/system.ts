/** The parts of one machine, started in the order in which they need each other and stopped in the reverse. */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ensureSecrets } from "#lib/secrets/files.ts";
import { buildConsole } from "#infra/console.ts";
import { prepareCity, type City } from "#demo/city.ts";
import { AGENT_ENVIRONMENT, AGENT_NODE_ARGUMENTS } from "#edge-agent/node-options.ts";
import { localCertificate, ownCertificate, type Certificate } from "./certificates.ts";
import type { DataFolder } from "./data-folder.ts";
import { openDatabase } from "./database.ts";
import { FirstCity, type FirstCityPlan } from "./first-city.ts";
import { mustBeAbleToListen } from "./listening.ts";
import { logFile } from "./log-file.ts";
import { isLoopback, type StartOptions } from "./options.ts";
import { prepareServers } from "./prepare-servers.ts";
import { supervise, type ProcessSpec, type Supervised } from "./supervisor.ts";
import type { Addresses } from "./servers.ts";
import { hostEnvironment, objectsAt, type DatabaseUrls } from "./urls.ts";

export type System = {
  url: string;
  /** While nobody has signed in for the first time. */
  first_link: string | null;
  authority_file: string | null;
  demo_cameras: number;
  stop(): Promise<void>;
};

export type Surroundings = {
  root: string;
  addresses: Addresses;
  /** What host and agent are told of seeing. */
  vision: Record<string, string>;
  say: (line: string) => void;
  signal: AbortSignal;
};

/** The demonstration's cameras and `npm run camera` listen here, and the local agent may dial it. */
export const DEMO_NETWORK = "127.0.0.1:18554-18599";

export const startSystem = async (folder: DataFolder, options: StartOptions, around: Surroundings): Promise<System> => {
  const parts: { stop(): Promise<void> }[] = [];
  const stop = async (): Promise<void> => {
    for (const part of parts.splice(0).toReversed()) await part.stop();
  };
  try {
    return await startParts(folder, options, around, parts, stop);
  } catch (error) {
    await stop();
    throw error;
  }
};

const startParts = async (
  folder: DataFolder,
  options: StartOptions,
  around: Surroundings,
  parts: { stop(): Promise<void> }[],
  stop: () => Promise<void>,
): Promise<System> => {
  const { root, addresses, vision, say, signal } = around;
  await mustBeAbleToListen(options, signal);
  signal.throwIfAborted();
  await ensureSecrets(folder.secrets);
  const certificate = await certificateFor(folder, options);
  const url = publicUrl(options);
  await prepareServers(addresses, url, say);
  const { server, urls } = await openDatabase(folder, addresses, root, say);
  if (server) parts.push(server);
  signal.throwIfAborted();
  await buildConsole({ outdir: join(folder.run, "console") });
  const city = options.demo ? await drawCity(folder, options, say) : null;
  signal.throwIfAborted();

  const plan = join(folder.run, "first-city-plan.json");
  writePrivate(plan, planFor(city));
  const start = (spec: Omit<ProcessSpec, "output">): Supervised => {
    const child = supervise({ ...spec, output: logFile(folder.logs, spec.name) }, (why) =>
      say(`${spec.name} ${why}; it is started again (log: ${join(folder.logs, `${spec.name}.log`)}).`),
    );
    parts.push(child);
    return child;
  };
  const host = start({
    name: "host",
    args: [join(root, "infra/local/host.ts")],
    env: {
      ...hostEnvironment(folder, urls, addresses, { address: options.listen, port: options.port, public_url: url }),
      ...vision,
      CONSOLE_DIR: join(folder.run, "console"),
      FIRST_CITY_PLAN: plan,
      FIRST_CITY_FILE: join(folder.root, "first-city.json"),
      FIRST_LINK_FILE: join(folder.run, "first-link"),
      ...(certificate
        ? { TLS_CERT_FILE: certificateFile(folder, certificate), TLS_KEY_FILE: keyFile(folder, certificate) }
        : {}),
    },
    saysReady: true,
  });
  await host.ready;
  const authority_file = certificate?.authority_file ?? null;
  parts.push(noteWhatRuns(folder, { url, authority_file }, urls, addresses));
  startAgent(folder, options, url, { ...trust(certificate), ...vision }, start, root);
  if (city) startDemo(folder, url, certificate, city, start, root);
  return {
    url,
    first_link: readFirstLink(folder),
    authority_file,
    demo_cameras: city?.cameras.length ?? 0,
    stop,
  };
};

/** For commands like `npm run link`, which need to find what runs here. */
const noteWhatRuns = (
  folder: DataFolder,
  at: Pick<System, "url" | "authority_file">,
  { system }: DatabaseUrls,
  addresses: Addresses,
) => {
  const file = join(folder.run, "running.json");
  const { BROKER_URL: broker_url } = addresses;
  const objects_url = objectsAt(folder, addresses);
  writePrivate(file, {
    ...at,
    system_database_url: system,
    broker_url,
    objects_url,
    secrets_dir: folder.secrets,
  });
  return { stop: async () => rmSync(file, { force: true }) };
};

type Start = (spec: Omit<ProcessSpec, "output">) => Supervised;

const startAgent = (
  folder: DataFolder,
  { reserve_bytes }: StartOptions,
  url: string,
  environment: Record<string, string>,
  start: Start,
  root: string,
): void => {
  const made = readFirstCity(folder);
  const config = join(folder.run, "agent.json");
  const code = join(folder.run, "enrolment-code");
  writeFileSync(code, made.agent?.enrolment_code ?? "", { mode: 0o600 });
  writePrivate(config, {
    server: url,
    dir: folder.agent,
    enrolment_code_file: code,
    camera_networks: ["private", DEMO_NETWORK],
    ...(reserve_bytes === null ? {} : { reserve_bytes }),
  });
  start({
    name: "agent",
    args: [...AGENT_NODE_ARGUMENTS, join(root, "edge-agent/main.ts"), config],
    env: { ...environment, ...AGENT_ENVIRONMENT },
    saysReady: false,
    stop_seconds: 15,
  });
};

const startDemo = (
  folder: DataFolder,
  url: string,
  certificate: Certificate | null,
  city: City,
  start: Start,
  root: string,
): void => {
  const made = readFirstCity(folder);
  const config = join(folder.run, "demo.json");
  const cameras = city.cameras.map((camera) => ({
    ...camera,
    camera_id: made.cameras[camera.name]?.id,
    key: made.cameras[camera.name]?.key,
  }));
  writePrivate(config, { server: url, control_file: join(folder.run, "demo-control.json"), cameras });
  start({
    name: "demo",
    args: [join(root, "demo/main.ts"), config],
    env: trust(certificate),
    saysReady: false,
    stop_seconds: 5,
  });
};

const trust = (certificate: Certificate | null): Record<string, string> =>
  certificate?.authority_file ? { NODE_EXTRA_CA_CERTS: certificate.authority_file } : {};

const drawCity = async (folder: DataFolder, options: StartOptions, say: (line: string) => void): Promise<City> => {
  const { seed } = folder.installation;
  say(`Demonstration city, seed ${seed}.`);
  return prepareCity({ dataDir: folder.demo, seed, cameras: options.demo_cameras, onProgress: say });
};

const planFor = (city: City | null): FirstCityPlan => ({
  cidade: city
    ? { nome: "Vila Aurora (demonstração)", estado: "SP", plano_retencao_dias: 7 }
    : { nome: "Minha cidade", estado: "SP", plano_retencao_dias: 15 },
  agent_nome: "Esta máquina",
  cameras: (city?.cameras ?? []).map(({ name, place, url }) => ({ nome: name, localizacao: place, url_rtsp: url })),
  watched: (city?.watched ?? []).map(({ plate, reason }) => ({ plate, reason })),
});

const publicUrl = ({ listen, port, tls }: StartOptions): string => {
  const host = listen.includes(":") ? `[${listen}]` : listen === "0.0.0.0" ? "127.0.0.1" : listen;
  return `${tls ? "https" : "http"}://${host}:${port}`;
};

const certificateFor = async (folder: DataFolder, options: StartOptions): Promise<Certificate | null> => {
  if (!options.tls && isLoopback(options.listen)) return null;
  if (options.cert && options.key) return ownCertificate(options.cert, options.key);
  return localCertificate(folder.secrets, options.listen);
};

const certificateFile = (folder: DataFolder, certificate: Certificate): string =>
  writeRun(folder, "tls-cert.pem", certificate.cert);
const keyFile = (folder: DataFolder, certificate: Certificate): string =>
  writeRun(folder, "tls-key.pem", certificate.key);

const writeRun = (folder: DataFolder, name: string, text: string): string => {
  const file = join(folder.run, name);
  writeFileSync(file, text, { mode: 0o600 });
  return file;
};

const writePrivate = (file: string, value: unknown): void =>
  writeFileSync(file, JSON.stringify(value, null, 2), { mode: 0o600 });

const readFirstCity = (folder: DataFolder): FirstCity =>
  FirstCity.parse(JSON.parse(readFileSync(join(folder.root, "first-city.json"), "utf8")));

const readFirstLink = (folder: DataFolder): string | null => {
  const file = join(folder.run, "first-link");
  return existsSync(file) ? readFileSync(file, "utf8").trim() : null;
};
