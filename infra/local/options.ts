/** What `npm start -- …` understands. */
import { join, resolve } from "node:path";
import { isIP } from "node:net";
import { parseArgs } from "node:util";

export type StartOptions = {
  data: string;
  port: number;
  listen: string;
  tls: boolean;
  cert: string | null;
  key: string | null;
  demo: boolean;
  demo_cameras: number;
  seed: string | null;
  reset: boolean;
  yes: boolean;
  help: boolean;
  /** Free space that recordings leave alone; `null`: as the agent decides. */
  reserve_bytes: number | null;
  /** On the servers of `infra/servers.env`. */
  real: boolean;
};

export const help = `GT-Vision on one machine.

  npm start                       everything, with a demonstration city
  npm start -- --no-demo          without it: an empty city of your own
  npm start -- --data DIR         another data folder (default: data in the checkout)
  npm start -- --port N           another port for the console and the API (default 8080)
  npm start -- --demo-cameras N   how many demonstration cameras, 1 to 9 (default 4)
  npm start -- --reserve SIZE     free disk that recordings leave alone, e.g. 20GB or 500MB
                                  (default: 2 GB, or 5 % of the volume where that is more)
  npm start -- --seed WORD        draws another demonstration city (only in a new data folder)
  npm start -- --listen ADDRESS   listen beyond this machine; only with TLS:
                --tls               makes a local certificate authority in the data folder
                --cert F --key F    or uses your certificate
  npm start -- --real             on RabbitMQ, Redis, S3 and PostgreSQL behind PgBouncer, as in infra/compose.yml; the first
                                  time it makes infra/servers.env and says how to start them
  npm start -- --reset            deletes the data folder first: recordings, reads, users, keys. Asks; --yes does not

  npm run link                    another one-time link for the first administrator
  npm run camera -- FILE          serves a video file as an RTSP camera
  npm test                        all tests

What listens, all on this machine only unless told otherwise:
  8080           console, API, WebSockets, objects by signed address   (--port)
  any free port  PostgreSQL, on 127.0.0.1
  18554–18599    demonstration cameras and \`npm run camera\`, on 127.0.0.1

Each port has one address in the environment, and its own adapter without: DATABASE_URL with SYSTEM_DATABASE_URL and
OWNER_DATABASE_URL, BROKER_URL, FRAMES_URL, CACHE_URL, OBJECTS_URL (docs/installer.md).

Ctrl-C stops everything; the next start goes on where it was. Logs: DATA/logs.`;

/** Throws an Error with one sentence for people. */
export const readOptions = (args: readonly string[], root: string): StartOptions => {
  const { values } = parseArgs({
    args: [...args],
    strict: true,
    allowPositionals: false,
    allowNegative: true,
    options: {
      data: { type: "string", default: join(root, "data") },
      port: { type: "string", default: "8080" },
      listen: { type: "string", default: "127.0.0.1" },
      tls: { type: "boolean", default: false },
      cert: { type: "string" },
      key: { type: "string" },
      demo: { type: "boolean", default: true },
      "demo-cameras": { type: "string", default: "4" },
      seed: { type: "string" },
      reserve: { type: "string" },
      reset: { type: "boolean", default: false },
      yes: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
      real: { type: "boolean", default: false },
    },
  });
  const options: StartOptions = {
    data: resolve(values.data),
    port: wholeNumber("--port", values.port, 1, 65_535),
    listen: values.listen,
    tls: values.tls || values.cert !== undefined,
    cert: values.cert ?? null,
    key: values.key ?? null,
    demo: values.demo,
    demo_cameras: wholeNumber("--demo-cameras", values["demo-cameras"], 1, 9),
    seed: values.seed ?? null,
    reserve_bytes: values.reserve === undefined ? null : bytesIn("--reserve", values.reserve),
    reset: values.reset,
    yes: values.yes,
    help: values.help,
    real: values.real,
  };
  checkListening(options);
  return options;
};

const wholeNumber = (name: string, text: string, least: number, most: number): number => {
  const number = Number(text);
  if (!Number.isInteger(number) || number < least || number > most) {
    throw new Error(`${name} takes a whole number from ${least} to ${most}, not “${text}”.`);
  }
  return number;
};

const units = { MB: 1000 ** 2, GB: 1000 ** 3, TB: 1000 ** 4 };

const bytesIn = (name: string, text: string): number => {
  const [, number, unit] = /^(\d+(?:\.\d+)?) ?(MB|GB|TB)$/i.exec(text) ?? [];
  const bytes = Number(number) * (units[unit?.toUpperCase() as keyof typeof units] ?? Number.NaN);
  if (!(bytes >= units.MB)) throw new Error(`${name} takes a size like 20GB or 500MB, not “${text}”.`);
  return Math.round(bytes);
};

const checkListening = (options: StartOptions): void => {
  if (isIP(options.listen) === 0) throw new Error(`--listen takes an IP address, not “${options.listen}”.`);
  if ((options.cert === null) !== (options.key === null)) throw new Error("--cert and --key go together.");
  if (!isLoopback(options.listen) && !options.tls) {
    throw new Error(
      `Listening on ${options.listen} needs TLS: browsers play live video in a secure context only, and passwords would travel in the open.\nAdd --tls (a local certificate authority is made) or --cert FILE --key FILE.`,
    );
  }
};

export const isLoopback = (address: string): boolean => address.startsWith("127.") || address === "::1";
