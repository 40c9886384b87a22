/** Simulated cameras, a server in this process and a real agent between them. */
import { join } from "node:path";
import { simulateCamera, type CameraOptions, type SimulatedCamera } from "#demo/rtsp/camera.ts";
import type { DesiredCamera } from "#functions/cidades/contract.ts";
import { uuidv7 } from "#lib/ids.ts";
import type { CameraState } from "#lib/wire/agent.ts";
import { until } from "#test/harness/system.ts";
import { testVideo } from "#test/harness/video.ts";
import { startAgentProcess, type AgentOptions, type AgentProcess } from "./agent-process.ts";
import { descriptionOf, temporaryFolder } from "./scene.ts";
import { standInServer } from "./stand-in-server.ts";

/** Generous: the machine may be busy with other tests. */
const WAIT_MS = 90_000;

export const edgeScene = async () => {
  const units = testVideo({ seconds: 4, group: 25 });
  const video = { pictures: units, fps: 25, parameter_sets: descriptionOf(units).parameter_sets };
  const folder = temporaryFolder();
  const server = await standInServer();
  const cameras: SimulatedCamera[] = [];
  const agents: AgentProcess[] = [];
  const dir = join(folder.path, "agent");
  return {
    server,
    dir,
    folder: folder.path,
    spool: join(dir, "spool"),
    video,
    async camera(options: Partial<CameraOptions> = {}): Promise<SimulatedCamera> {
      const camera = await simulateCamera({ video, port: 0, ...options });
      cameras.push(camera);
      return camera;
    },
    start(options: Partial<AgentOptions> = {}): AgentProcess {
      const agent = startAgentProcess({ dir, server: server.url, ...options });
      agents.push(agent);
      return agent;
    },
    state: (id: string): CameraState | undefined => server.states().find(({ camera_id }) => camera_id === id),
    /** Until the newest word about this camera fits. */
    said: (id: string, fits: (state: CameraState) => boolean): Promise<CameraState> =>
      until(`another state than ${JSON.stringify(server.states())}`, WAIT_MS, () => {
        const state = server.states().find(({ camera_id }) => camera_id === id);
        return state && fits(state) ? state : undefined;
      }),
    /** As the gateway does: asks again until pictures come. */
    watch: (camera_id: string): Promise<boolean> =>
      until("live pictures", WAIT_MS, () => {
        if (server.live.some((message) => message.camera_id === camera_id)) return true;
        server.command({ type: "open_live", camera_id });
        return undefined;
      }),
    until: <T>(what: string, look: () => T | undefined): Promise<T> => until(what, WAIT_MS, look),
    async close(): Promise<void> {
      for (const agent of agents) await agent.kill();
      for (const camera of cameras) await camera.close();
      await server.close();
      folder.remove();
    },
  };
};
export type EdgeScene = Awaited<ReturnType<typeof edgeScene>>;

export const desired = (url_rtsp: string, values: Partial<DesiredCamera> = {}): DesiredCamera => ({
  id: uuidv7(),
  cidade_id: uuidv7(),
  nome: "Câmera de teste",
  url_rtsp,
  recording_id: uuidv7(),
  upload_policy: "everything",
  ...values,
});
