/** Redis gone, slow, silent and flushed: nobody waits, nobody is refused because of it, and all is well again by itself. */
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import type { Cache } from "#lib/cache/cache.ts";
import { connectCache } from "#lib/cache/connect.ts";
import { eventually } from "#test/contracts/check.ts";
import { startFaultProxy, type FaultProxy } from "#test/harness/fault-proxy.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";
import { seeing } from "#test/harness/sight.ts";
import { findServer } from "#test/harness/servers/available.ts";
import { startRedis, type RedisServer } from "#test/harness/servers/redis.ts";

const found = await findServer("redis", console.log);
const binary = "binary" in found ? found.binary : "";
const title = (words: string): string => ("missing" in found ? `${words} (without redis)` : words);
/** Four times the usual, so that a busy machine is no outage. */
const DEADLINE_MS = 1000;
const BACK_MS = 20_000;
const EVERYTHING_MS = 60_000;

describe.skipIf("missing" in found)(title("a cache over Redis"), () => {
  let server: RedisServer;
  let line: FaultProxy;
  let cache: Cache;
  let errors: unknown[];
  const start = async (): Promise<void> => {
    server = await startRedis({ binary });
    line = await startFaultProxy({ host: "127.0.0.1", port: server.port });
    errors = [];
    cache = await connectCache(line.through(server.url), {
      deadline_ms: DEADLINE_MS,
      on_error: (error) => void errors.push(error),
    });
  };
  beforeAll(start);
  afterEach(async () => {
    await cache.close();
    await line.close();
    await server.stop();
    await start();
  });
  afterAll(async () => {
    await cache.close();
    await line.close();
    await server.stop();
  });

  /** Everything that can be asked, answered as if nothing were wrong. */
  const asked = async (): Promise<void> => {
    await cache.set("k", "v", { ttl_seconds: 60 });
    expect(await cache.get("k")).toBeNull();
    await cache.delete("k");
    expect(await cache.publish("c", "m")).toBe(false);
    expect((await cache.limit("l", { count: 5, seconds: 60 })).allowed).toBe(true);
  };
  /** Before the event loop has turned once, so that there is nothing that could have been waited for. */
  const askedAtOnce = async (): Promise<void> => {
    let turned = false;
    setImmediate(() => (turned = true));
    await asked();
    expect(turned).toBe(false);
  };
  const well = async (): Promise<void> => {
    await eventually(
      "it remembers",
      async () => {
        await cache.set("k", "v", { ttl_seconds: 60 });
        return Buffer.from((await cache.get("k")) ?? []).toString() === "v";
      },
      BACK_MS,
    );
  };

  test("that is killed counts by itself, remembers nothing, keeps nobody waiting, and is well again by itself", async () => {
    await well();
    await server.kill();
    await eventually("it is noticed", () => cache.degraded(), BACK_MS);
    await askedAtOnce();
    const answers = await Promise.all(Array.from({ length: 9 }, () => cache.limit("m", { count: 4, seconds: 60 })));
    expect(answers.filter(({ allowed }) => allowed)).toHaveLength(4);
    // One word, however many asked.
    expect(errors).toHaveLength(1);
    server = await startRedis({ binary, port: server.port });
    await well();
  });

  test("that is too slow is gone without until it is quick again", { timeout: EVERYTHING_MS }, async () => {
    await well();
    line.delay(DEADLINE_MS * 1.5);
    expect(await cache.get("k")).toBeNull();
    expect(cache.degraded()).toBe(true);
    await askedAtOnce();
    line.delay(0);
    await well();
  });

  test(
    "whose line says nothing any more is noticed although nobody asks, and dialled anew",
    { timeout: EVERYTHING_MS },
    async () => {
      await well();
      line.freeze();
      await eventually("it is noticed", () => cache.degraded(), BACK_MS);
      await asked();
      const before = await dials(server);
      await eventually("another line", async () => (await dials(server)) > before, BACK_MS);
      line.thaw();
      await well();
    },
  );

  test("that is flushed has forgotten everything, its scripts too, and goes on", async () => {
    const once = { count: 1, seconds: 60 };
    await cache.set("k", "v", { ttl_seconds: 60 });
    await cache.limit("l", once);
    const heard: (string | null)[] = [];
    await cache.subscribe("c", (message) => void heard.push(message));
    const beside = new Redis(server.url);
    await beside.flushall();
    await beside.script("FLUSH");
    beside.disconnect();
    expect(await cache.get("k")).toBeNull();
    expect([(await cache.limit("l", once)).allowed, (await cache.limit("l", once)).allowed]).toEqual([true, false]);
    await cache.publish("c", "still heard");
    await eventually("the message", () => heard.includes("still heard"));
    expect(heard).toEqual(["still heard"]);
    expect([cache.degraded(), errors]).toEqual([false, []]);
  });

  test(
    "who listens is told of what may have been missed, again and again while it lasts, and hears again",
    { timeout: EVERYTHING_MS },
    async () => {
      const heard: (string | null)[] = [];
      const other: (string | null)[] = [];
      await cache.subscribe("c", (message) => void heard.push(message));
      await cache.subscribe("d", (message) => void other.push(message));
      await server.kill();
      await eventually("the second word", () => heard.length >= 2, BACK_MS);
      heard.length = 0;
      server = await startRedis({ binary, port: server.port });
      // Whoever hears again is told so once it does, lest something was said before: the first message may be quicker.
      await eventually(
        "a message is heard, and that others may have been missed",
        async () => {
          await cache.publish("c", "m").catch(() => undefined);
          return heard.includes("m") && heard.includes(null);
        },
        BACK_MS,
      );
      expect(other.filter((message) => message !== null)).toEqual([]);
    },
  );

  test("a process that was held up itself takes what has arrived for an answer", async () => {
    const direct = await connectCache(server.url, { deadline_ms: 100 });
    await eventually("it remembers", async () => {
      await direct.set("k", "v", { ttl_seconds: 60 });
      return (await direct.get("k")) !== null;
    });
    const answer = direct.get("k");
    for (const until = performance.now() + 300; performance.now() < until;);
    expect(Buffer.from((await answer) ?? []).toString()).toBe("v");
    await direct.close();
  });

  test("a process that starts while Redis is away starts all the same", async () => {
    await server.kill();
    const early = await connectCache(server.url, { on_error: () => undefined });
    expect(early.degraded()).toBe(true);
    expect((await early.limit("l", { count: 1, seconds: 60 })).allowed).toBe(true);
    const heard: (string | null)[] = [];
    await early.subscribe("c", (message) => void heard.push(message));
    server = await startRedis({ binary, port: server.port });
    await eventually("it is back", () => !early.degraded(), BACK_MS);
    await eventually(
      "it hears",
      async () => {
        await early.publish("c", "m");
        return heard.includes("m");
      },
      BACK_MS,
    );
    await early.close();
  });
});

/** How many connections it has seen, without those that ask so. */
let asking = 0;
const dials = async ({ url }: RedisServer): Promise<number> => {
  const beside = new Redis(url);
  asking += 1;
  const stats = await beside.info("stats");
  beside.disconnect();
  return Number(/total_connections_received:(\d+)/.exec(stats)?.[1]) - asking;
};

describe.skipIf("missing" in found)(title("the functions without Redis"), () => {
  let server: RedisServer;
  let cache: Cache;
  let host: TestHost;
  beforeAll(async () => {
    server = await startRedis({ binary });
    cache = await connectCache(server.url, { on_error: () => undefined });
    host = await testHost(catalogue, { grants: { cache, sight: seeing() } });
  });
  afterAll(async () => {
    await host.close();
    await cache.close();
    await server.stop();
  });

  test("sign-in is still limited, what cameras post is taken, health says degraded, and nobody gets a 5xx", async () => {
    const city = await host.city();
    const camera = await host.asCamera(city.id);
    const viewer = await host.as(["live.view", "cameras.view"], [city.id]);
    await server.kill();
    await eventually("it is noticed", () => cache.degraded(), BACK_MS);

    const statuses: number[] = [];
    for (let tries = 0; tries < 12; tries++) {
      const { status } = await host.anyone.post("/api/sessions", { email: "a@example.org", password: "wrong wrong" });
      statuses.push(status);
    }
    expect(statuses).toEqual([...Array<number>(10).fill(401), 429, 429]);
    const read = { plate: "ABC1D23", confidence: 0.9, detected_at: new Date().toISOString() };
    expect((await camera.post("/api/lpr/events", read)).status).toBe(202);
    expect((await viewer.get(`/api/cameras/${camera.id}/last-frame`)).body).toMatchObject({ url: null });
    expect((await host.anyone.get("/_/health")).body).toEqual({ alive: true, degraded: ["cache"] });
    expect((await host.anyone.get("/_/ready")).status).toBe(200);
    // What told consoles is done all the same: a word that nobody heard is not tried for ever.
    const told = (await host.drain()).filter(({ name }) => name.startsWith("notify-") || name.startsWith("hint-"));
    for (const { answer } of told) expect(answer).toEqual({ done: true });

    server = await startRedis({ binary, port: server.port });
    await eventually("it is back", () => !cache.degraded(), BACK_MS);
    expect((await host.anyone.get("/_/health")).body).toEqual({ alive: true, degraded: [] });
  });
});
