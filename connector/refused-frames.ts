/** `npm run refused-frames`: for who operates the system. Frames that nobody could treat are looked at, and saved as files. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { parseArgs } from "node:util";
import * as z from "zod";
import { catalogue } from "#functions/catalogue.ts";
import { connectSql, type Sql } from "#lib/db/connect.ts";
import { readEnvironment } from "#lib/environment.ts";
import { connectFrames } from "#lib/frames/connect.ts";
import type { Frame, FrameFormat, Refused } from "#lib/frames/frames.ts";
import { readRefusedLine } from "#lib/frames/refused-lines.ts";
import { readMaterial } from "#lib/secrets/files.ts";
import { consumersOf } from "./frames.ts";
import { auditAct, findSystem, runCommand, runningOn } from "./operator.ts";
import { planOf } from "./plan.ts";

const help = `npm run refused-frames                      frames that were tried three times, and why: a line of JSON each
npm run refused-frames -- --save FOLDER     the same, and each as a file there, for who looks into it
                                            (npm run read-plates -- FOLDER reads them again)

    --camera ID     only those of one camera
    --data FOLDER   of the system that \`npm start\` runs there (default: ./data);
                    SYSTEM_DATABASE_URL, FRAMES_URL and CACHE_URL name any other

The last hundred of each function are kept, 64 MiB of them: for a day in Redis, else until the system stops.
They show people and vehicles: who saved them stands in the audit trail.`;

const options = {
  save: { type: "string" },
  camera: { type: "string" },
  data: { type: "string" },
  help: { type: "boolean", short: "h" },
} as const;

const Environment = z.object({ FRAMES_URL: z.string().optional(), CACHE_URL: z.string().optional() });

const extensions: Record<FrameFormat, string> = { h264: "h264", h265: "h265", jpeg: "jpg", png: "png" };

/** Answers what to print. Throws with the usage where the arguments make no sense. */
export const refusedFrames = async (
  sql: Sql,
  refused: () => Promise<readonly Refused[]>,
  args: readonly string[],
): Promise<string> => {
  const { values } = parseArgs({ args: [...args], options });
  const { save, camera } = values;
  if (save === "") throw new Error(help);
  const some = (await refused()).filter(({ frame }) => camera === undefined || frame.camera_id === camera);
  const lines = some.map((one) => JSON.stringify(save === undefined ? toldOf(one) : saved(one, save)));
  if (save !== undefined)
    await auditAct(sql, "save-refused-frames", { count: some.length, camera: camera ?? null }, "frame");
  return lines.length > 0 ? lines.join("\n") : "No frames are kept that were refused.";
};

const toldOf = ({ frame, consumer, reason, refused_at }: Refused) => {
  const { id, cidade_id, camera_id, captured_at, format, bytes } = frame;
  return { id, consumer, reason, refused_at, cidade_id, camera_id, captured_at, format, size: bytes.byteLength };
};

/** The same frame of two consumers is one file; what is there already stays. */
const saved = (one: Refused, folder: string) => {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, nameOf(one.frame));
  if (!existsSync(file)) writeFileSync(file, one.frame.bytes, { mode: 0o600, flag: "wx" });
  return { ...toldOf(one), file };
};

const nameOf = ({ id, camera_id, captured_at, format }: Frame): string =>
  `${captured_at.toISOString().replaceAll(/[:.]/g, "-")}-${camera_id}-${id}.${extensions[format]}`;

/** Of Redis where frames wait there, else of the process that `npm start` runs. */
const refusedOf = (data: string | undefined) => async (): Promise<readonly Refused[]> => {
  const { FRAMES_URL, CACHE_URL } = readEnvironment(Environment);
  if (FRAMES_URL === undefined) return askHost(data);
  const consumers = consumersOf(planOf(catalogue).frames);
  const frames = await connectFrames(FRAMES_URL, { consumers, ...(CACHE_URL ? { slots_url: CACHE_URL } : {}) });
  try {
    return await frames.refused();
  } finally {
    await frames.close();
  }
};

const askHost = async (data: string | undefined): Promise<readonly Refused[]> => {
  const { url, secrets_dir, authority_file } = runningOn(data);
  if (authority_file !== null)
    setDefaultCACertificates([...getCACertificates("default"), readFileSync(authority_file, "utf8")]);
  const { system_token } = await readMaterial(secrets_dir);
  const answer = await fetch(`${url}/_/refused-frames`, { headers: { authorization: `Bearer ${system_token}` } });
  if (answer.status !== 200) throw new Error(`${url} answered ${answer.status}. Its log says why.`);
  const lines = (await answer.text()).split("\n").filter((line) => line !== "");
  return lines.map(readRefusedLine);
};

const main = async (): Promise<string> => {
  const args = process.argv.slice(2);
  const { values } = parseArgs({ args, options });
  if (values.help) return help;
  const { database_url } = findSystem(values.data);
  const sql = connectSql(database_url, { max: 1, application_name: "gt-vision refused-frames" });
  try {
    return await refusedFrames(sql, refusedOf(values.data), args);
  } finally {
    await sql.end({ timeout: 5 });
  }
};

if (import.meta.main) await runCommand(main);
