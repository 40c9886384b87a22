/** Makes the actual match the desired: asks what is desired, starts, changes and ends cameras, tells how they are. */
import * as z from "zod";
import { DesiredState, WaitingProbe, type DesiredCamera } from "#functions/cidades/contract.ts";
import type { Log } from "#lib/log.ts";
import { pause } from "#lib/pause.ts";
import type { ToAgent } from "#lib/wire/agent.ts";
import { runCamera, type CameraNeeds, type RunningCamera } from "./camera.ts";
import { openControl } from "./control.ts";
import type { DiskReserve } from "./disk-reserve.ts";
import { probeCamera } from "./probe.ts";
import type { Server } from "./server.ts";
import type { ServerClock } from "./server-clock.ts";

const ASK_EVERY_MS = 5000;
const TELL_EVERY_MS = 2000;
const LOOK_AT_DISK_MS = 2000;

export type AgentNeeds = Omit<CameraNeeds, "onChange" | "diskFull" | "server"> & {
  server: Server;
  clock: ServerClock;
  reserve: DiskReserve;
  log: Log;
};
export type Agent = { stop(): Promise<void>; cameras(): RunningCamera[] };

type Known = { desired: DesiredCamera; running: RunningCamera };

export const startAgent = (needs: AgentNeeds): Agent => {
  const { server, clock, reserve, log } = needs;
  const cameras = new Map<string, Known>();
  const naps = pause();
  let stopped = false;
  let toldStates = "";
  let awake = true;

  const tellSoon = throttled(() => control.send({ type: "states", cameras: statesNow() }), 100);
  const statesNow = () => [...cameras.values()].map(({ running }) => running.state());
  const cameraNeeds: CameraNeeds = { ...needs, diskFull: reserve.reached, onChange: tellSoon };

  const reconcile = async (desired: readonly DesiredCamera[]): Promise<void> => {
    const wanted = new Map(desired.map((camera) => [camera.id, camera]));
    const ending = [...cameras].filter(([id, known]) => wanted.get(id)?.url_rtsp !== known.desired.url_rtsp);
    await Promise.all(
      ending.map(async ([id, known]) => {
        cameras.delete(id);
        await known.running.stop();
      }),
    );
    for (const camera of desired) {
      const known = cameras.get(camera.id);
      if (known) known.running.update(camera);
      cameras.set(camera.id, { desired: camera, running: known?.running ?? runCamera(camera, cameraNeeds) });
    }
  };

  const ask = async (): Promise<void> => {
    const sent = performance.now();
    const state = await server.call("GET", "/api/agents/desired-state", null, DesiredState);
    clock.learn(state.server_time_ms, sent, performance.now());
    await reconcile(state.cameras);
  };

  const tell = async (): Promise<void> => {
    const states = statesNow();
    control.send({ type: "states", cameras: states });
    const lasting = JSON.stringify(states.map(({ camera_id, status, cause }) => [camera_id, status, cause]));
    if (lasting === toldStates || states.length === 0) return;
    await server.call("POST", "/api/agents/camera-states", { cameras: states }, z.null());
    toldStates = lasting;
  };

  const probes = async (): Promise<void> => {
    for (;;) {
      const { probe } = await server.call("POST", "/api/agents/probes/take", {}, WaitingProbe);
      if (!probe) return;
      const result = await probeCamera(probe.url_rtsp, needs.networks, clock.now);
      await server.call("POST", "/api/agents/probes/report", { id: probe.id, ...result }, z.null());
    }
  };

  const onMessage = (message: ToAgent): void => {
    if (message.type === "desired_state_changed") {
      awake = true;
      naps.wakeAll();
    } else if (message.type === "probe_waiting") {
      probes().catch((error: unknown) => log.warn("probe failed", { error }));
    } else if (message.type === "ping") {
      control.send({ type: "pong", sent_at: message.sent_at, agent_clock_ms: Date.now() });
    } else {
      const running = cameras.get(message.camera_id)?.running;
      if (message.type === "open_live") running?.openLive();
      else running?.restart();
    }
  };
  const control = openControl(server, onMessage, log);

  const every = (ms: number, work: () => Promise<unknown>, what: string): NodeJS.Timeout =>
    setInterval(() => {
      work().catch((error: unknown) => log.warn(what, { error }));
    }, ms);
  const timers = [
    every(TELL_EVERY_MS, tell, "states not told"),
    every(
      LOOK_AT_DISK_MS,
      async () => {
        if (await reserve.look()) for (const { desired, running } of cameras.values()) running.update(desired);
      },
      "disk not looked at",
    ),
  ];
  const loop = async (): Promise<void> => {
    await reserve.look();
    while (!stopped) {
      awake = false;
      // Without the server everything goes on as it was last desired.
      await ask().catch((error: unknown) => log.warn("desired state not known", { error }));
      if (!awake && !stopped) await naps.nap(ASK_EVERY_MS);
    }
  };
  const running = loop();

  return {
    cameras: () => [...cameras.values()].map((known) => known.running),
    async stop() {
      stopped = true;
      for (const timer of timers) clearInterval(timer);
      naps.wakeAll();
      await running;
      await Promise.all([...cameras.values()].map((known) => known.running.stop()));
      control.stop();
    },
  };
};

const throttled = (work: () => void, ms: number): (() => void) => {
  let timer: NodeJS.Timeout | undefined;
  return () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      work();
    }, ms).unref();
  };
};
