/** Frames on their way through the port, the connector and the functions when some are poison, or far too many. */
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import type { Frame, Frames } from "#lib/frames/frames.ts";
import { noLog } from "#lib/log.ts";
import { connectSight } from "#lib/vision/connect.ts";
import { VisionEnvironment } from "#lib/vision/settings.ts";
import { eventually, refusal } from "#test/contracts/check.ts";
import { drawnPng, plateScenes } from "#test/harness/drawn-plates.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";
import { plateCity } from "#test/harness/plates.ts";
import { READ, readingFrames, type ReadingFrames } from "#test/harness/reading-frames.ts";
import { frameOf, plate, seeing, type Seeing } from "#test/harness/sight.ts";

const KEEP = "streaming.keep-last-frame";
const LONG_MS = 30_000;

let sight: Seeing;
let host: TestHost;
let frames: Frames;
let running: ReadingFrames;
beforeAll(async () => {
  sight = seeing();
  host = await testHost(catalogue, { log: noLog, grants: { sight } });
});
afterAll(() => host.close());
const MOST_WAITING = 16;
beforeEach(async () => {
  Object.assign(sight.before, seeing().before);
  running = await readingFrames(host, { max_waiting: MOST_WAITING });
  ({ frames } = running);
});
afterEach(() => running.stop());

const platesOf = async (cidade_id: string): Promise<string[]> =>
  (
    await host.database.owner<{ plate: string }[]>`
    select plate from lpr_events where cidade_id = ${cidade_id} order by plate`
  ).map((row) => row.plate);
const settled = (consumer: string) =>
  eventually(
    `${consumer} is done`,
    async () => {
      const counts = (await frames.counts())[consumer];
      return counts?.waiting === 0 && counts.held === 0;
    },
    LONG_MS,
  );

test("a poison frame is refused after three tries with its bytes and the reason, and its neighbours are read", async () => {
  const city = await plateCity(host);
  const camera = { cidade_id: city.cidade_id, camera_id: city.camera.id };
  const cameras = await Promise.all([1, 2].map(() => host.camera(city.cidade_id)));
  const poison = frameOf(camera, [], { bytes: Buffer.from("poison") });
  await frames.offer(frameOf({ ...camera, camera_id: cameras[0] ?? "" }, [plate("ABC1D23")]));
  await frames.offer(poison);
  await frames.offer(frameOf({ ...camera, camera_id: cameras[1] ?? "" }, [plate("XYZ9K87")]));
  await settled(READ);
  expect(await platesOf(city.cidade_id)).toEqual(["ABC1D23", "XYZ9K87"]);
  const refused = (await frames.refused()).filter(({ consumer }) => consumer === READ);
  expect(refused).toMatchObject(
    [{ frame: { id: poison.id, bytes: poison.bytes }, reason: /picture\.unknown/ }].map((one) => ({
      ...one,
      reason: expect.stringMatching(one.reason),
    })),
  );
  expect(sight.decoded.filter((source) => source === camera.camera_id)).toHaveLength(3);
});

test("ten times more frames than can be taken: the oldest are dropped and counted, and who is quick misses nothing", async () => {
  const city = await plateCity(host);
  const gate = Promise.withResolvers<void>();
  sight.before.find = () => gate.promise;
  const CAMERAS = 4;
  const ROUNDS = 40;
  const cameras = await Promise.all(Array.from({ length: CAMERAS }, () => host.camera(city.cidade_id)));
  let offered = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const camera_id of cameras) {
      const captured_at = new Date(Date.now() - (ROUNDS - round) * 500);
      await refusal(
        frames.offer(frameOf({ cidade_id: city.cidade_id, camera_id }, [plate("ABC1D23")], { captured_at })),
      );
      offered += 1;
    }
    // Its share is never full: the slow one's frames do not wait in it.
    await settled(KEEP);
  }
  const counts = await frames.counts();
  const { waiting, held, taken, evicted } = counts[READ] ?? { waiting: 0, held: 0, taken: 0, evicted: 0 };
  expect({ waiting, held }).toEqual({ waiting: 2 * CAMERAS, held: 4 });
  expect({ taken, evicted }).toEqual({ taken: offered, evicted: offered - waiting - held });
  expect(counts[KEEP]).toMatchObject({ taken: offered, evicted: 0 });
  gate.resolve();
  await settled(READ);
  // The newest of each camera, within one passage.
  expect(await platesOf(city.cidade_id)).toEqual(cameras.map(() => "ABC1D23"));
});

describe("with the networks themselves", () => {
  test(
    "a drawn plate in a frame becomes its read, with the pictures that were looked at",
    { timeout: 60_000 },
    async () => {
      const settings = VisionEnvironment.parse({ VISION_PROVIDER: "cpu", VISION_GATE: "on", VISION_WORKERS: "1" });
      const eyes = await connectSight(settings, { log: noLog });
      const sees = await testHost(catalogue, { log: noLog, grants: { sight: eyes } });
      const city = await plateCity(sees);
      const [scene] = plateScenes;
      if (!scene) throw new Error("There is no scene");
      const shown: Partial<Frame> = { format: "png", bytes: await drawnPng([scene]) };
      const frame = frameOf({ cidade_id: city.cidade_id, camera_id: city.camera.id }, [], shown);
      expect(await sees.host.handleFrame("read-plates", { frame, attempt: 1 })).toEqual({ done: true });
      const [read] = (await city.operator.get(`/api/plates?cidade_id=${city.cidade_id}`)).body.items;
      expect(read).toMatchObject({ plate: scene.text, source: "frame" });
      const { body } = await city.operator.get(`/api/plates/${read.id}`);
      expect(body.reading.positions.map(([likeliest]: { character: string }[]) => likeliest?.character).join("")).toBe(
        scene.text,
      );
      for (const url of [body.image_url, body.plate_image_url]) {
        const picture = await sees.host.fetch(new Request(new URL(url, "http://gt.test")));
        expect(new Uint8Array(await picture.arrayBuffer()).subarray(0, 2)).toEqual(Uint8Array.of(0xff, 0xd8));
      }
      await sees.close();
      await eyes.close();
    },
  );
});
