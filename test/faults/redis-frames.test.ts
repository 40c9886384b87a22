/** Frames over Redis and RabbitMQ when a consumer, Redis or the line to the broker goes. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Frames } from "#lib/frames/frames.ts";
import { framesServers, overServers, type FramesServers } from "#test/contracts/adapters/rabbitmq-frames.ts";
import { eventually, refusal } from "#test/contracts/check.ts";
import { frameOf } from "#test/contracts/frames.ts";
import { startFaultProxy, type FaultProxy } from "#test/harness/fault-proxy.ts";
import { findServer } from "#test/harness/servers/available.ts";
import { startRedis, type RedisServer } from "#test/harness/servers/redis.ts";
import { isMissing, present, serverFor, titled } from "#test/harness/servers/use.ts";

const rabbitmq = await serverFor("rabbitmq");
const found = await findServer("redis", console.log);
const binary = "binary" in found ? found.binary : "";
const lacks = "missing" in found ? " (without redis)" : "";
const LONG_MS = 20_000;

describe.skipIf(isMissing(rabbitmq) || "missing" in found)(titled(`frames${lacks}`, "rabbitmq", rabbitmq), () => {
  let redis: RedisServer;
  let servers: FramesServers;
  let line: FaultProxy;
  beforeAll(async () => {
    redis = await startRedis({ binary });
    servers = await framesServers(present(rabbitmq), redis.url);
    const { hostname, port } = new URL(servers.url);
    line = await startFaultProxy({ host: hostname, port: Number(port) });
  });
  beforeEach(async () => {
    await servers.beside.flushall();
    await servers.vhost.purge();
  });
  afterAll(async () => {
    await line?.close();
    await servers?.remove();
    await redis?.stop();
  });

  /** A process of its own that holds a frame until it is killed. */
  const holder = () => {
    const env = { PATH: process.env["PATH"] ?? "", FRAMES_URL: servers.url, CACHE_URL: servers.slots_url };
    const child = fork(join(import.meta.dirname, "frames-child.ts"), { env });
    const holding = once(child, "message").then(([message]) => message as { name: string; attempt: number });
    return {
      holding,
      kill: async (): Promise<void> => {
        const gone = once(child, "exit");
        child.kill("SIGKILL");
        await gone;
      },
    };
  };
  const namesOf = async (frames: Frames, names: string[]): Promise<void> =>
    void (await frames.consume("plates", 2, async ({ frame }) => void names.push(frame.correlation_id)));

  test(
    "whose consumer is killed are offered again, and kept with the reason when three are gone",
    { timeout: 60_000 },
    async () => {
      const frames = await overServers(servers);
      await frames.offer(frameOf("a", "deadly", 1000));
      for (const attempt of [1, 2, 3]) {
        const one = holder();
        expect(await one.holding).toEqual({ name: "deadly", attempt });
        await one.kill();
      }
      const names: string[] = [];
      await namesOf(frames, names);
      await frames.offer(frameOf("b", "harmless"));
      const [refused] = await eventually("it is refused", async () => {
        const all = await frames.refused();
        return all.length > 0 ? all : null;
      });
      expect(refused).toMatchObject({ reason: "its holder went away", frame: { correlation_id: "deadly" } });
      expect(refused?.frame.bytes).toHaveLength(1000);
      await eventually("the others go on", () => names.includes("harmless"));
      expect(names).toEqual(["harmless"]);
      await frames.close();
    },
  );

  test("that nobody takes stay within their bounds of count, bytes and time", async () => {
    const frames = await overServers(servers);
    for (let n = 0; n < 40; n++) await refusal(frames.offer(frameOf(`c${n % 10}`, "", 100_000)));
    expect((await frames.counts())["plates"]?.waiting).toBe(8);
    const { beside } = servers;
    const keys = await beside.keys("*");
    const lives = await Promise.all(keys.map((key) => beside.pttl(key)));
    expect(lives.filter((life) => life < 0)).toEqual([]);
    const kept = await Promise.all(keys.map((key) => beside.memory("USAGE", key)));
    expect(kept.reduce((sum: number, bytes) => sum + (bytes ?? 0), 0)).toBeLessThan(9 * 130_000);
    await frames.close();
  });

  test("are taken while Redis is away, and arrive when it is back", { timeout: 60_000 }, async () => {
    const frames = await overServers(servers);
    const names: string[] = [];
    await namesOf(frames, names);
    await redis.kill();
    for (const name of ["1", "2", "3"]) await frames.offer(frameOf("a", name));
    redis = await startRedis({ binary, port: redis.port });
    await eventually("the newest two", () => names.length === 2, LONG_MS);
    expect(names.toSorted()).toEqual(["2", "3"]);
    await frames.close();
  });

  test("keep nobody waiting while the broker is away, and are taken when it is back", { timeout: 60_000 }, async () => {
    const through = { consumers: servers.consumers, url: line.through(servers.url), slots_url: servers.slots_url };
    const frames = await overServers(through);
    const names: string[] = [];
    await namesOf(frames, names);
    await frames.offer(frameOf("a", "before"));
    await eventually("the first", () => names.includes("before"), LONG_MS);
    line.refuse(true);
    line.reset();
    expect(await frames.offer(frameOf("a", "while away"))).toBe(true);
    line.refuse(false);
    // Its own turn was lost on the way; the next frame of its camera brings it along.
    await eventually(
      "one offered later",
      async () => {
        await frames.offer(frameOf("a", "after"));
        return names.includes("after");
      },
      LONG_MS,
    );
    await frames.close();
  });
});
