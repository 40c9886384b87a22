import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectFrames } from "#lib/frames/connect.ts";
import { memoryFrames } from "#lib/frames/memory.ts";
import { isMissing, present, serverFor, titled } from "#test/harness/servers/use.ts";
import { arrayFrames } from "./adapters/array-frames.ts";
import { framesServers, rabbitmqFramesBench, type FramesServers } from "./adapters/rabbitmq-frames.ts";
import { ownDatabase } from "./adapters/redis-cache.ts";
import { brokenFrames } from "./broken/frames.ts";
import { consumers, frameOf, framesChecks, type FramesBench } from "./frames.ts";
import { handClock, mustFail, refusal } from "./check.ts";

const adapters: Record<string, () => Promise<FramesBench>> = {
  memory: async () => {
    const clock = handClock();
    const options = { consumers, clock: clock.now, max_waiting: 8, max_age_ms: 30_000, drain_ms: 20 };
    const frames = await connectFrames("memory:", options);
    return { frames, pass: async (ms) => clock.pass(ms), close: frames.close };
  },
  "array (test only)": async () => {
    const clock = handClock();
    const frames = arrayFrames(consumers, () => clock.now().getTime(), 8, 30_000);
    return { frames, pass: async (ms) => clock.pass(ms), close: frames.close };
  },
};

for (const [name, make] of Object.entries(adapters)) {
  describe(`frames: ${name}`, () => {
    for (const { title, run } of framesChecks) test(title, () => run(make));
  });
}

const [rabbitmq, redis] = [await serverFor("rabbitmq"), await serverFor("redis")];
const title = titled(titled("frames: rabbitmq and redis", "rabbitmq", rabbitmq), "redis", redis);

describe.skipIf(isMissing(rabbitmq) || isMissing(redis))(title, () => {
  let servers: FramesServers;
  beforeAll(async () => {
    servers = await framesServers(present(rabbitmq), ownDatabase(present(redis)));
  });
  afterAll(() => servers.remove());
  for (const { title: promise, run } of framesChecks) test(promise, () => run(() => rabbitmqFramesBench(servers)));
});

test("frames over RabbitMQ are refused without a Redis for their bytes", async () => {
  await expect(connectFrames("amqp://127.0.0.1:1", { consumers, slots_url: "memory:" })).rejects.toThrow("CACHE_URL");
});

describe("frames: the contract notices a port that", () => {
  for (const broken of brokenFrames) test.concurrent(broken.name, () => mustFail(framesChecks, broken));
});

test("waiting frames stay within the bound of bytes, and a second frame makes room for another camera's first", async () => {
  const frames = memoryFrames({ consumers: ["plates"], max_bytes: 100 });
  await frames.offer(frameOf("a", "", 40));
  await frames.offer(frameOf("a", "", 40));
  expect(await frames.offer(frameOf("b", "", 40))).toBe(true);
  expect(await frames.counts()).toMatchObject({ plates: { waiting: 2, evicted: 1 } });
});

test("an unknown scheme is refused by naming those that exist", async () => {
  await expect(connectFrames("carrier-pigeon://x", { consumers })).rejects.toThrow("memory:");
});

test("the bound of bytes holds for all consumers together, and a frame that finds no room counts as dropped", async () => {
  const frames = memoryFrames({ consumers, max_bytes: 200 });
  for (const camera of ["a", "b", "c"]) await refusal(frames.offer(frameOf(camera, "", 40)));
  const { plates, pictures } = await frames.counts();
  expect(plates).toMatchObject({ waiting: 2, evicted: 1 });
  expect(pictures).toEqual(plates);
});
