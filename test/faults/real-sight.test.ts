/** Frames through port, connector and function to the decoders and networks themselves, when these break in the middle. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { setEnvironmentData } from "node:worker_threads";
import { afterAll, beforeAll, beforeEach, afterEach, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import type { Frame, Frames } from "#lib/frames/frames.ts";
import { noLog } from "#lib/log.ts";
import { createMetrics } from "#lib/metrics.ts";
import { connectSight } from "#lib/vision/connect.ts";
import { openVision } from "#lib/vision/open-vision.ts";
import { VisionEnvironment } from "#lib/vision/settings.ts";
import { DIES } from "#lib/vision/testing/worker-that-dies-once.ts";
import type { Sight } from "#lib/vision/sight.ts";
import type { Vision } from "#lib/vision/vision.ts";
import { eventually } from "#test/contracts/check.ts";
import { drawnPng, plateScenes, type DrawnPlate } from "#test/harness/drawn-plates.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";
import { plateCity } from "#test/harness/plates.ts";
import { READ, readingFrames, type ReadingFrames } from "#test/harness/reading-frames.ts";
import { frameOf } from "#test/harness/sight.ts";

const MODELS = join(import.meta.dirname, "../../models");
const LONG_MS = 30_000;

/** 1: the next picture kills its thread. */
const dies = new Int32Array(new SharedArrayBuffer(4));
const metrics = createMetrics();
let vision: Vision;
let sight: Sight;
let host: TestHost;
let frames: Frames;
let running: ReadingFrames;
beforeAll(async () => {
  const worker_file = new URL("../../lib/vision/testing/worker-that-dies-once.ts", import.meta.url);
  setEnvironmentData(DIES, dies as never);
  vision = await openVision({ folder: MODELS, workers: 1, provider: "cpu", log: noLog, metrics, worker_file });
  const eyes = await connectSight(VisionEnvironment.parse({ VISION_PROVIDER: "off", VISION_GATE: "off" }), {
    log: noLog,
  });
  sight = { ...eyes, vision };
  host = await testHost(catalogue, { log: noLog, grants: { sight } });
}, LONG_MS);
afterAll(async () => {
  await host.close();
  await Promise.all([vision.close(), sight.close()]);
});
beforeEach(async () => {
  running = await readingFrames(host);
  ({ frames } = running);
});
afterEach(() => running.stop());

const keyFrameOf = async (scene: DrawnPlate): Promise<Buffer> => {
  const how = "-v error -f png_pipe -i pipe:0 -c:v libx264 -threads 1 -pix_fmt yuv420p -frames:v 1 -f h264 pipe:1";
  const { status, stderr, stdout } = spawnSync("ffmpeg", how.split(" "), { input: await drawnPng([scene]) });
  if (status !== 0) throw new Error(stderr.toString());
  return stdout;
};
type City = Awaited<ReturnType<typeof plateCity>>;
const shown = ({ cidade_id, camera }: City, bytes: Uint8Array): Frame =>
  frameOf({ cidade_id, camera_id: camera.id }, [], { format: "h264", bytes });
const offered = async (frame: Frame): Promise<void> => {
  await frames.offer(frame);
  const isDone = async (): Promise<boolean> => {
    const counts = (await frames.counts())[READ];
    return counts?.waiting === 0 && counts.held === 0;
  };
  await eventually("the frame is settled", isDone, LONG_MS);
};
const refused = async (): Promise<[string, string][]> =>
  (await frames.refused()).filter(({ consumer }) => consumer === READ).map(({ frame, reason }) => [frame.id, reason]);
/** Of each event, its plate. */
const detected = async ({ cidade_id }: City): Promise<unknown[]> =>
  (await host.events("lpr.detected"))
    .filter(({ cidadeid }) => cidadeid === cidade_id)
    .map(({ data }) => (data as { plate: string }).plate);
const setAside = async (): Promise<number> =>
  Number(/^vision_decoder_pictures\{became="set_aside"\} (\d+)$/m.exec(await host.host.metrics.text())?.[1]);

test("a damaged key frame is refused once, after three tries; the frames of its own camera before and after it are read", async () => {
  const city = await plateCity(host);
  const [before, ...after] = plateScenes.slice(0, 4);
  if (!before) throw new Error("There is no scene");
  const whole = await keyFrameOf(before);
  const damaged = whole.subarray(0, whole.length >> 1);
  const poison = shown(city, damaged);
  await offered(shown(city, whole));
  await offered(poison);
  for (const scene of after) await offered(shown(city, await keyFrameOf(scene)));
  expect(await detected(city)).toEqual([before, ...after].map(({ text }) => text));
  expect(await refused()).toEqual([[poison.id, expect.stringContaining("picture.damaged")]]);
  expect(await setAside()).toBe(0);
  // The same bytes once more: no decoder is broken over them, and nobody is asked to look at them again.
  await offered(shown(city, damaged));
  expect(await setAside()).toBe(1);
  expect(await refused()).toHaveLength(1);
}, 60_000);

test("a worker of the networks that dies in the middle of a frame: it is offered again, and one plate is told once", async () => {
  const city = await plateCity(host);
  const [scene] = plateScenes;
  if (!scene) throw new Error("There is no scene");
  dies[0] = 1;
  const deaths = async (): Promise<string | undefined> =>
    /^vision_worker_deaths_total (\d+)$/m.exec(await metrics.text())?.[1];
  expect(await deaths()).toBeUndefined();
  await offered(shown(city, await keyFrameOf(scene)));
  expect(await deaths()).toBe("1");
  expect(await detected(city)).toEqual([scene.text]);
  expect(await refused()).toEqual([]);
}, 60_000);

/** Of the time until `work` is done: the longest in which the process answered nobody who asked whether it is alive. */
const longestSilence = async (work: () => Promise<unknown>): Promise<{ share: number; took: number }> => {
  const begun = performance.now();
  let [longest, isDone] = [0, false];
  const working = work().finally(() => (isDone = true));
  for (let since = begun; !isDone;) {
    expect((await host.anyone.get("/_/health")).status).toBe(200);
    await turn();
    const now = performance.now();
    longest = Math.max(longest, now - since);
    since = now;
  }
  await working;
  const took = performance.now() - begun;
  return { share: longest / took, took };
};

test("who asks whether the process is alive is answered while it looks at pictures", async () => {
  const city = await plateCity(host);
  const [scene] = plateScenes;
  if (!scene) throw new Error("There is no scene");
  const bytes = await keyFrameOf(scene);
  const look = async (): Promise<unknown> =>
    host.host.handleFrame("read-plates", { frame: shown(city, bytes), attempt: 1 });
  // The best of some: what else the machine does may make any of them silent.
  const looks = [];
  for (let count = 0; count < 5; count += 1) looks.push(await longestSilence(look));
  expect(Math.min(...looks.map(({ share }) => share))).toBeLessThan(0.4);
  // As it would be, were pictures looked at in the thread that answers.
  const usual = Math.max(...looks.map(({ took }) => took));
  const blocked = await longestSilence(async () => {
    for (const end = performance.now() + usual; performance.now() < end;);
    return look();
  });
  expect(blocked.share).toBeGreaterThan(0.4);
}, 60_000);
