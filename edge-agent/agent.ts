/** Makes the actual match the desired: asks what is desired, starts, changes and ends cameras, tells how they are. */
import * as z from "zod";
import { WaitingProbe, type DesiredCamera } from "#functions/cidades/contract.ts";
import type { CameraState, ToAgent } from "#lib/wire/agent.ts";
import { runCamera, type CameraNeeds, type RunningCamera } from "./camera.ts";
import { openControl, type Control } from "./control.ts";
import { followDesiredState, type DesiredStateNeeds } from "./desired-state.ts";
import type { DiskReserve } from "./disk-reserve.ts";
import { adoptLeftBehind, storedTiming } from "./recorded-files.ts";
import type { Gaps } from "./gaps.ts";
import { probeCamera } from "./probe.ts";
import { regularly } from "./regularly.ts";
import type { Server } from "./server-client.ts";

const TELL_EVERY_MS = 2000;
const LOOK_AT_DISK_MS = 2000;
const ADOPT_EVERY_MS = 30_000;
const TIDY_EVERY_MS = 600_000;
const NAMES_LOGGED = 20;

export type AgentNeeds = Omit<CameraNeeds, "onChange" | "diskFull" | "server" | "gaps"> &
  DesiredStateNeeds & {
    reserve: DiskReserve;
    gaps: Gaps;
  };
export type Agent = { stop(): Promise<void>; cameras(): RunningCamera[] };

type Known = { desired: DesiredCamera; running: RunningCamera };

export const startAgent = (needs: AgentNeeds): Agent => {
  const { server, reserve, log } = needs;
  const tellSoon = throttled(() => control.send({ type: "states", cameras: statesNow() }), 100);
  const cameras = knownCameras({ ...needs, diskFull: reserve.reached, onChange: tellSoon });
  const statesNow = () => cameras.running().map((running) => running.state());
  const probes = probing(needs);
  const desired = followDesiredState(needs, {
    reconcile: (wanted) => cameras.reconcile(wanted),
    async before() {
      await reserve.look().catch((error: unknown) => log.warn("disk not looked at", { error }));
      await adoptAll(needs).catch((error: unknown) => log.error("nothing adopted", { error }));
      await tidy(needs).catch((error: unknown) => log.warn("what was put aside is not tidied", { error }));
    },
  });
  const onMessage = (message: ToAgent): void => {
    if (message.type === "desired_state_changed") desired.askNow();
    else if (message.type === "probe_waiting") probes();
    else if (message.type === "ping") {
      control.send({ type: "pong", sent_at: message.sent_at, agent_clock_ms: Date.now() });
    } else if (message.type === "open_live") cameras.get(message.camera_id)?.openLive();
    else cameras.get(message.camera_id)?.restart();
  };
  const onOpen = (): void => {
    desired.askNow();
    probes();
  };
  const control = openControl(server, { open: onOpen, message: onMessage }, log);
  const regular = regularWork(needs, telling(server, control, statesNow), cameras.attend);
  return {
    cameras: cameras.running,
    async stop() {
      desired.stop();
      regular.stop();
      // Cameras first: what is desired may wait for a server that does not answer.
      await cameras.stop();
      server.close();
      await desired.ended;
      control.stop();
    },
  };
};

const regularWork = (needs: AgentNeeds, tell: () => Promise<void>, attend: () => void): { stop(): void } => {
  const { log, gaps, reserve } = needs;
  const lookAtDisk = async (): Promise<void> => {
    gaps.look();
    if (await reserve.look()) attend();
  };
  const all = [
    regularly(TELL_EVERY_MS, tell, (error) => log.warn("states not told", { error })),
    regularly(LOOK_AT_DISK_MS, lookAtDisk, (error) => log.warn("disk not looked at", { error })),
    regularly(
      ADOPT_EVERY_MS,
      () => adoptAll(needs),
      (error) => log.warn("nothing adopted", { error }),
    ),
    regularly(
      TIDY_EVERY_MS,
      () => tidy(needs),
      (error) => log.warn("what was put aside is not tidied", { error }),
    ),
  ];
  return {
    stop() {
      for (const work of all) work.stop();
    },
  };
};

/** All states over the control connection; over HTTP, to be kept, only when what lasts has changed. */
const telling = (server: Server, control: Control, statesNow: () => CameraState[]): (() => Promise<void>) => {
  let told = "";
  return async () => {
    const states = statesNow();
    control.send({ type: "states", cameras: states });
    const lasting = JSON.stringify(states.map(({ camera_id, status, cause }) => [camera_id, status, cause]));
    if (lasting === told || states.length === 0) return;
    await server.call("POST", "/api/agents/camera-states", { cameras: states }, z.null());
    told = lasting;
  };
};

/** Takes probes until none waits. */
const probing = ({ server, networks, clock, log }: AgentNeeds): (() => void) => {
  const takeAll = async (): Promise<void> => {
    for (;;) {
      const { probe } = await server.call("POST", "/api/agents/probes/take", {}, WaitingProbe);
      if (!probe) return;
      const result = await probeCamera(probe.url_rtsp, networks, clock.now);
      await server.call("POST", "/api/agents/probes/report", { id: probe.id, ...result }, z.null());
    }
  };
  return () => void takeAll().catch((error: unknown) => log.warn("probe failed", { error }));
};

/** What a killed agent left, and what a full disk did not let this one finish. */
const adoptAll = async (needs: AgentNeeds): Promise<void> => {
  const { spool, log, onSegment } = needs;
  const adopted = await needs.inTurn(() => adoptLeftBehind({ spool, log, onSegment, timing: storedTiming(needs.now) }));
  if (adopted > 0) log.info("segments that were left behind are kept", { adopted });
};

const tidy = async ({ spool, now, log }: AgentNeeds): Promise<void> => {
  const { names, bytes } = await spool.tidyRefused(now());
  if (names.length === 0) return;
  log.warn("segments put aside are deleted", { deleted: names.length, bytes, names: names.slice(0, NAMES_LOGGED) });
};

const knownCameras = (needs: CameraNeeds) => {
  const cameras = new Map<string, Known>();
  const endings = new Set<Promise<void>>();
  const end = (id: string, { running }: Known): void => {
    cameras.delete(id);
    const ending = running
      .stop()
      .catch((error: unknown) => needs.log.error("camera not ended", { camera_id: id, error }))
      .finally(() => endings.delete(ending));
    endings.add(ending);
  };
  return {
    /** One that ends still finishes its last file; the others do not wait for it. */
    reconcile(desired: readonly DesiredCamera[]): void {
      const wanted = new Map(desired.map((camera) => [camera.id, camera]));
      for (const [id, known] of cameras) if (wanted.get(id)?.url_rtsp !== known.desired.url_rtsp) end(id, known);
      for (const camera of desired) {
        const known = cameras.get(camera.id);
        known?.running.update(camera);
        cameras.set(camera.id, { desired: camera, running: known?.running ?? runCamera(camera, needs) });
      }
    },
    get: (id: string): RunningCamera | undefined => cameras.get(id)?.running,
    running: (): RunningCamera[] => [...cameras.values()].map((known) => known.running),
    attend(): void {
      for (const { desired, running } of cameras.values()) running.update(desired);
    },
    async stop(): Promise<void> {
      for (const [id, known] of cameras) end(id, known);
      await Promise.all(endings);
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
