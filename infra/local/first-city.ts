/**
 * What one machine needs before anybody has signed in: a city, this machine's agent and, with the demonstration, its cameras,
 * their keys and a watched plate. Made through the same functions that people use, as the caller `system`, and remembered in
 * a file so that a start that was killed half way goes on where it was.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import * as z from "zod";

/** Calls a function of the catalogue in this process, with all its checks but the token. */
export type Call = (name: string, input: Record<string, unknown>) => Promise<unknown>;

export const FirstCityPlan = z.object({
  cidade: z.object({ nome: z.string(), estado: z.string(), plano_retencao_dias: z.number() }),
  agent_nome: z.string(),
  cameras: z.array(z.object({ nome: z.string(), localizacao: z.string(), url_rtsp: z.string() })),
  watched: z.array(z.object({ plate: z.string(), reason: z.string() })),
});
export type FirstCityPlan = z.infer<typeof FirstCityPlan>;

/** What has been made so far. Secrets in it are the demonstration's own; the file is for its owner alone. */
export const FirstCity = z.object({
  cidade_id: z.uuid().optional(),
  agent: z.object({ id: z.uuid(), enrolment_code: z.string() }).optional(),
  cameras: z.record(z.string(), z.object({ id: z.uuid(), key: z.string().optional() })),
  watchlist_id: z.uuid().optional(),
  watched: z.array(z.string()),
});
export type FirstCity = z.infer<typeof FirstCity>;

const WATCHED_DAYS = 180;

export const makeFirstCity = async (plan: FirstCityPlan, file: string, call: Call, now: Date): Promise<FirstCity> => {
  const made = readMade(file);
  const save = (): void => writeAtomically(file, JSON.stringify(made, null, 2));
  if (!made.cidade_id) {
    made.cidade_id = await idOf(call("create-city", { ...plan.cidade, fuso_horario: "America/Sao_Paulo" }));
    save();
  }
  if (!made.agent) {
    const agent = await call("create-agent", { cidade_id: made.cidade_id, nome: plan.agent_nome });
    made.agent = z.object({ id: z.uuid(), enrolment_code: z.string() }).parse(agent);
    save();
  }
  for (const camera of plan.cameras) await makeCamera(made, camera, call, save);
  await watch(made, plan, call, now, save);
  return made;
};

const makeCamera = async (
  made: FirstCity,
  camera: FirstCityPlan["cameras"][number],
  call: Call,
  save: () => void,
): Promise<void> => {
  const { cidade_id, agent } = made;
  if (!made.cameras[camera.nome]) {
    made.cameras[camera.nome] = {
      id: await idOf(call("create-camera", { cidade_id, agent_id: agent?.id, ...camera })),
    };
    save();
  }
  const known = made.cameras[camera.nome];
  if (!known || known.key) return;
  known.key = z.object({ key: z.string() }).parse(await call("create-camera-key", { id: known.id })).key;
  save();
};

const watch = async (made: FirstCity, plan: FirstCityPlan, call: Call, now: Date, save: () => void): Promise<void> => {
  const { cidade_id } = made;
  if (plan.watched.length === 0) return;
  if (!made.watchlist_id) {
    const list = { cidade_id, nome: "Veículos de interesse (demonstração)", priority: "critical" };
    made.watchlist_id = await idOf(call("create-watchlist", list));
    save();
  }
  const expires_at = new Date(now.getTime() + WATCHED_DAYS * 86_400_000).toISOString();
  for (const entry of plan.watched.filter(({ plate }) => !made.watched.includes(plate))) {
    await call("create-watchlist-entry", { cidade_id, watchlist_id: made.watchlist_id, ...entry, expires_at });
    made.watched.push(entry.plate);
    save();
  }
};

const idOf = async (answer: Promise<unknown>): Promise<string> => z.object({ id: z.uuid() }).parse(await answer).id;

const readMade = (file: string): FirstCity =>
  existsSync(file) ? FirstCity.parse(JSON.parse(readFileSync(file, "utf8"))) : { cameras: {}, watched: [] };

const writeAtomically = (file: string, text: string): void => {
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
};
