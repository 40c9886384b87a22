/** A city with a camera, its agent and an operator. The agent stands on a volume and a clock of its own where there is leave. */
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startAgentProcess, type AgentProcess } from "#edge-agent/testing/agent-process.ts";
import type { SimulatedCamera } from "#demo/rtsp/camera.ts";
import { localCamera } from "#test/harness/local-camera.ts";
import type { SmallVolume } from "#test/harness/small-volume.ts";
import { smallVolume } from "#test/harness/small-volume.ts";
import { until } from "#test/harness/system.ts";
import { outcomeOf } from "./history.ts";
import { cameraWithKey, mustAsk, person, type Person } from "./people.ts";
import { folderOn, killed, type Program } from "./system.ts";

export type Site = {
  cidade_id: string;
  camera_id: string;
  watchlist_id: string;
  /** The first letters of all its plates. */
  letters: string;
  operator: Person;
  plateCamera: Person;
  video: SimulatedCamera;
  /** How wrong the plate camera's clock is. */
  clock_offset_ms: number;
  programs: Record<string, Program>;
  volume: SmallVolume | null;
  /** `null`: nothing can hand in another time here. */
  stepClock: ((seconds: number) => void) | null;
  /** Stops the recording; answers what the agent still has after a good while. */
  settle(): Promise<string[]>;
  /** All that the agent has said. */
  agentWords(): string;
  close(): Promise<void>;
};

type Made = { id: string };
/** What was set aside for a minute is tried again after it, and a slow machine takes longer. */
const SETTLED_MS = 240_000;
const VOLUME_MEGABYTES = 48;
const RESERVE_BYTES = 4_000_000;
const PASSWORD = "um segredo comprido do caos";

export const openSite = async (url: string, administrator: Person, letters: string): Promise<Site> => {
  const city = { nome: `Cidade ${letters}`, estado: "SP", plano_retencao_dias: 7 };
  const cidade_id = (await mustAsk<Made>(administrator, "POST", "/api/cities", city)).id;
  const operator = await makeOperator(url, administrator, cidade_id, letters);
  const agent = await openAgent(url, administrator, cidade_id, letters);
  const video = await localCamera({ seconds: 4 });
  const camera = { cidade_id, nome: `Rua ${letters}`, url_rtsp: video.url, agent_id: agent.id };
  const camera_id = (await mustAsk<Made>(administrator, "POST", "/api/cameras", camera)).id;
  const { key } = await mustAsk<{ key: string }>(administrator, "POST", `/api/cameras/${camera_id}/keys`, {});
  const list = { cidade_id, nome: `Lista ${letters}`, priority: "critical" };
  const watchlist_id = (await mustAsk<Made>(operator, "POST", "/api/watchlists", list)).id;
  return {
    cidade_id,
    camera_id,
    watchlist_id,
    letters,
    operator,
    plateCamera: cameraWithKey(url, key),
    video,
    clock_offset_ms: 0,
    programs: agent.programs,
    volume: agent.volume,
    stepClock: agent.stepClock,
    settle: async () => {
      const stop = { method: "POST", path: "/api/recordings/stop", body: { camera_id } };
      await until("recording to stop", SETTLED_MS, async () =>
        outcomeOf((await administrator.ask(stop)).status) === "ok" ? true : undefined,
      );
      await until("an empty spool", SETTLED_MS, () => (agent.work().length === 0 ? true : undefined)).catch(() => null);
      return agent.work().map((file) => `agent of ${letters}: ${file}`);
    },
    agentWords: agent.words,
    close: async () => {
      await agent.close();
      await video.close();
    },
  };
};

const makeOperator = async (
  url: string,
  administrator: Person,
  cidade_id: string,
  letters: string,
): Promise<Person> => {
  const roles = await mustAsk<{ items: { id: string; name: string }[] }>(administrator, "GET", "/api/roles");
  const role_id = roles.items.find(({ name }) => name === "Investigador")?.id;
  const email = `operador-${letters.toLowerCase()}@example.org`;
  const user = { nome: `Operador de ${letters}`, email, password: PASSWORD, roles: [{ role_id, cidade_id }] };
  await mustAsk(administrator, "POST", "/api/users", user);
  return person(url, { email, password: PASSWORD });
};

/** A process that is started again whenever it has been killed, as a service manager does. */
const openAgent = async (url: string, administrator: Person, cidade_id: string, letters: string) => {
  const agent = { cidade_id, nome: `Agente ${letters}` };
  const made = await mustAsk<Made & { enrolment_code: string }>(administrator, "POST", "/api/agents", agent);
  const folder = mkdtempSync(join(tmpdir(), "gt-site-"));
  const volume = smallVolume(VOLUME_MEGABYTES);
  const clock = fakeClock(folder);
  const dir = folderOn(volume, folder);
  const start = (): AgentProcess =>
    startAgentProcess({
      dir,
      server: url,
      enrolment_code: made.enrolment_code,
      reserve_bytes: RESERVE_BYTES,
      env: clock?.env ?? {},
    });
  let running = start();
  let words = "";
  const program: Program = {
    pid: () => running.pid,
    kill: async () => {
      await running.kill();
      words += running.output();
      running = start();
    },
  };
  return {
    id: made.id,
    volume,
    stepClock: clock?.step ?? null,
    work: () => ["recording", "ready"].flatMap((name) => readdirSync(join(dir, "spool", name))),
    words: () => words + running.output(),
    programs: {
      [`agent of ${letters}`]: program,
      [`writer of ${letters}`]: killed(() => running.writers()[0] ?? null),
    },
    close: async () => {
      await running.stop();
      volume?.remove();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

const LIBRARY = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";

/** Debian's libfaketime: the wall clock of one program goes by a file; its monotonic clock stays. */
const fakeClock = (folder: string): { env: Record<string, string>; step(seconds: number): void } | null => {
  if (!existsSync(LIBRARY)) {
    console.warn(`There is no ${LIBRARY} (Debian's libfaketime): steps of an agent's clock are not tried.`);
    return null;
  }
  const file = join(folder, "clock");
  const step = (seconds: number): void => writeFileSync(file, `${seconds >= 0 ? "+" : ""}${seconds}\n`);
  step(0);
  const env = {
    LD_PRELOAD: LIBRARY,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_CACHE_DURATION: "1",
    FAKETIME_DONT_FAKE_MONOTONIC: "1",
    DONT_FAKE_MONOTONIC: "1",
  };
  return { env, step };
};
