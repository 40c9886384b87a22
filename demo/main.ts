/** The demonstration's process: all cameras of the city, and the plate camera that reads in them. `node demo/main.ts CONFIG` */
import { randomUUID } from "node:crypto";
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import * as z from "zod";
import { createLog, type Log } from "#lib/log.ts";
import { pause } from "#lib/pause.ts";
import { CityCamera } from "./city.ts";
import { openControl, type ControlledCamera } from "./control.ts";
import { startPlateCamera, type PlateCamera } from "./plate-camera.ts";
import { simulateCamera } from "./rtsp/camera.ts";
import { readVideo } from "./rtsp/video.ts";

const Config = z.object({
  /** Where passages are posted. */
  server: z.url(),
  /** Gets `{url}` of the control, which answers on loopback. */
  control_file: z.string().optional(),
  /** Without an id and a key its passages are not posted. */
  cameras: z.array(CityCamera.extend({ camera_id: z.uuid().optional(), key: z.string().optional() })),
});
type ConfiguredCamera = z.infer<typeof Config>["cameras"][number];

const LISTEN_AGAIN_MS = 2000;

const main = async (): Promise<void> => {
  const config = Config.parse(JSON.parse(readFileSync(process.argv[2] ?? "", "utf8")));
  const log = createLog({ context: "demo" });
  const stop = told();
  const plates = startPlateCamera({ server: config.server, run_id: randomUUID(), log });
  // In the order of the configuration, whichever comes first.
  const opened: (ControlledCamera | null)[] = config.cameras.map(() => null);
  const onAir = (): ControlledCamera[] => opened.filter((camera) => camera !== null);
  const control = await openControl(onAir);
  if (config.control_file) announce(config.control_file, control.url);
  await Promise.all(
    config.cameras.map(async (camera, index) => {
      opened[index] = await openCamera(camera, plates, log, stop.signal);
    }),
  );
  if (!stop.signal.aborted) log.info("the city is on the air", { cameras: onAir().length, control: control.url });
  await stop.promise;
  if (config.control_file) rmSync(config.control_file, { force: true });
  await Promise.all([plates.stop(), control.close(), ...onAir().map(({ camera }) => camera.close())]);
};

/** A port that somebody else holds is waited for: the address of a camera is known to the system and stays. */
const openCamera = async (
  configured: ConfiguredCamera,
  plates: PlateCamera,
  log: Log,
  signal: AbortSignal,
): Promise<ControlledCamera | null> => {
  const video = await readVideo(configured.file, configured.fps);
  const naps = pause();
  signal.addEventListener("abort", naps.wakeAll, { once: true });
  while (!signal.aborted) {
    try {
      const camera = await simulateCamera({ video, port: configured.port });
      postPassages(configured, camera, plates);
      const { name, fps, passages } = configured;
      return { name, fps, passages, camera_id: configured.camera_id ?? null, frames: video.pictures.length, camera };
    } catch (error) {
      log.error("a camera cannot listen; tried again", { camera: configured.name, port: configured.port, error });
      await naps.nap(LISTEN_AGAIN_MS);
    }
  }
  return null;
};

const postPassages = (
  { camera_id, key, passages }: ConfiguredCamera,
  camera: Awaited<ReturnType<typeof simulateCamera>>,
  plates: PlateCamera,
): void => {
  if (!camera_id || !key) return;
  const byFrame = Map.groupBy(passages, ({ frame }) => frame);
  let before = -1;
  camera.onPicture(({ loop, frame, at_ms }) => {
    // A camera that repeats one picture sees nobody pass anew.
    if (frame === before) return;
    before = frame;
    for (const passage of byFrame.get(frame) ?? []) plates.passes({ camera_id, key, passage, loop, at_ms });
  });
};

/** Whole or not there: others wait for it. */
const announce = (file: string, url: string): void => {
  writeFileSync(`${file}.new`, JSON.stringify({ url }), { mode: 0o600 });
  renameSync(`${file}.new`, file);
};

/** By a signal, or because who started us is gone. */
const told = (): { promise: Promise<void>; signal: AbortSignal } => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const controller = new AbortController();
  const end = (): void => {
    controller.abort();
    resolve();
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, end);
  process.once("disconnect", end);
  return { promise, signal: controller.signal };
};

await main();
