/** Two gateways as processes, one address without stickiness, and everything that must not care which of them it met. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { consumersOf } from "#connector/frames.ts";
import { planOf } from "#connector/plan.ts";
import { catalogue } from "#functions/catalogue.ts";
import { openControl } from "#edge-agent/control.ts";
import { connectServer } from "#edge-agent/server-client.ts";
import type { ToAgent } from "#lib/wire/agent.ts";
import { connectCache } from "#lib/cache/connect.ts";
import type { Cache } from "#lib/cache/cache.ts";
import { uuidv7 } from "#lib/ids.ts";
import { noLog } from "#lib/log.ts";
import { framesServers, overServers, type FramesServers } from "#test/contracts/adapters/rabbitmq-frames.ts";
import { startGateway, startGateways, type Gateways } from "#test/harness/gateways.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";
import { findServer } from "#test/harness/servers/available.ts";
import { startRedis, type RedisServer } from "#test/harness/servers/redis.ts";
import { isMissing, present, serverFor, titled } from "#test/harness/servers/use.ts";
import {
  dialSocket,
  initMedia,
  liveInit,
  liveMedia,
  sequencesOf,
  soon,
  type SocketPeer,
} from "#test/harness/socket-peer.ts";

const rabbitmq = await serverFor("rabbitmq");
const [redis, haproxy] = [await findServer("redis", console.log), await findServer("haproxy", console.log)];
const absent = "missing" in redis || "missing" in haproxy || isMissing(rabbitmq);
const lacks = "missing" in redis ? " (without redis)" : "missing" in haproxy ? " (without haproxy)" : "";

describe.skipIf(absent)(titled(`gateways side by side${lacks}`, "rabbitmq", rabbitmq), { timeout: 120_000 }, () => {
  let server: RedisServer;
  let frames: FramesServers;
  let cache: Cache;
  let host: TestHost;
  let gateways: Gateways;
  let city: { id: string };
  let agent: Awaited<ReturnType<TestHost["asAgent"]>>;
  let camera_id: string;
  let operator: Awaited<ReturnType<TestHost["as"]>>;
  const cleanups: (() => void)[] = [];

  const binaryOf = (found: typeof redis): string => ("binary" in found ? found.binary : "");
  beforeAll(async () => {
    server = await startRedis({ binary: binaryOf(redis) });
    frames = await framesServers(present(rabbitmq), server.url, consumersOf(planOf(catalogue).frames));
    cache = await connectCache(server.url, { on_error: () => undefined });
    host = await testHost(catalogue, { grants: { cache } });
    gateways = await startGateways(
      { SYSTEM_DATABASE_URL: host.database.urls.system, CACHE_URL: server.url, FRAMES_URL: frames.url },
      { count: 2, haproxy: binaryOf(haproxy) },
    );
    city = await host.city();
    agent = await host.asAgent(city.id);
    camera_id = await host.camera(city.id, { agent_id: agent.id });
    operator = await host.as(["cameras.view", "cameras.manage", "live.view"], [city.id]);
  });
  afterEach(() => {
    for (const cleanup of cleanups.splice(0).toReversed()) cleanup();
  });
  afterAll(async () => {
    await gateways?.close();
    await host?.close();
    await cache?.close();
    await frames?.remove();
    await server?.stop();
  });

  const consoleAt = async (url: string): Promise<SocketPeer> => {
    const { body } = await operator.post("/api/sessions/socket-ticket", {});
    const { host: origin } = new URL(url);
    const peer = await dialSocket(`ws://${origin}/console/socket?ticket=${body.ticket}`, {
      origin: `http://${origin}`,
    });
    cleanups.push(() => peer.socket.terminate());
    await peer.text("welcome");
    return peer;
  };
  const watch = async (viewer: SocketPeer, channel: number): Promise<void> => {
    const { body } = await operator.post("/api/streams/open", { camera_id, action: "live" });
    viewer.say({ type: "live_open", channel, token: body.token });
  };
  /** The control connection of a real agent; its pictures are drawn here. */
  const agentAt = (url: string) => {
    const heard: ToAgent[] = [];
    const sources: SocketPeer[] = [];
    const authorization = async (): Promise<string> => `Bearer ${await agent.token()}`;
    const toServer = connectServer(url, authorization);
    const live = async (id: string): Promise<void> => {
      const source = await dialSocket(toServer.socketUrl(`/agents/live/${id}`), {
        authorization: await authorization(),
      });
      cleanups.push(() => source.socket.terminate());
      source.say(liveInit);
      source.say(initMedia);
      source.say(liveMedia(1, true));
      sources.push(source);
      void source.closed.then(() => sources.splice(sources.indexOf(source), 1));
    };
    let opened = 0;
    let dialling = false;
    const message = (said: ToAgent): void => {
      heard.push(said);
      // As the agent does: one socket for each camera.
      if (said.type !== "open_live" || sources.length > 0 || dialling) return;
      dialling = true;
      void live(said.camera_id).finally(() => (dialling = false));
    };
    const control = openControl(toServer, { open: () => void (opened += 1), message }, noLog);
    cleanups.push(() => control.stop());
    return {
      control,
      heard,
      sources,
      opened: (times: number) => soon("the control connection", () => (opened >= times ? true : undefined)),
    };
  };
  const state = (status: string) => ({
    type: "states" as const,
    cameras: [
      {
        camera_id,
        status: status as "ONLINE",
        cause: null,
        since_ms: 1,
        recording: true,
        last_captured_at_ms: 1,
        bytes_per_second: 1,
        watchdog_restarts: 0,
      },
    ],
  });

  test("a probe asked for by a console reaches the agent, and its answer both consoles", async () => {
    const real = agentAt(gateways.url);
    await real.opened(1);
    const consoles = [await consoleAt(gateways.each[0]!.url), await consoleAt(gateways.each[1]!.url)];
    await soon("the first words", () => real.heard.find(({ type }) => type === "desired_state_changed"));
    const asked = await operator.post("/api/probes", {
      cidade_id: city.id,
      agent_id: agent.id,
      url_rtsp: "rtsp://10.0.0.9/stream",
    });
    expect(asked.status).toBe(202);
    await host.drain();
    await soon("the probe's hint", () => real.heard.find(({ type }) => type === "probe_waiting"));
    const taken = await agent.post("/api/agents/probes/take", {});
    const result = { id: taken.body.probe.id, ok: false, cause: "refused", found: null };
    expect((await agent.post("/api/agents/probes/report", result)).status).toBeLessThan(300);
    await host.drain();
    for (const viewer of consoles)
      expect(await viewer.text("notification", ({ event }) => event === "camera.probed")).toMatchObject({
        data: { probe_id: asked.body.id },
      });
  });

  test("live pictures reach viewers at either gateway and behind the address of both, wherever the agent dials in", async () => {
    const real = agentAt(gateways.url);
    await real.opened(1);
    // Wherever they arrive, one of the viewers sits at the other gateway.
    for (const round of [1, 2]) {
      const urls = [...gateways.each.map(({ url }) => url), gateways.url];
      const viewers = await Promise.all(urls.map(consoleAt));
      for (const viewer of viewers) await watch(viewer, round);
      for (const viewer of viewers) {
        await viewer.text("live_init", ({ channel }) => channel === round);
        expect(sequencesOf(await viewer.binary(2))).toEqual([0, 1]);
      }
      real.sources[0]?.say(liveMedia(2, false));
      for (const viewer of viewers) expect(sequencesOf(await viewer.binary(1))).toEqual([2]);
      for (const viewer of viewers) viewer.socket.terminate();
      real.sources[0]?.socket.terminate();
      await soon("the source to end", () => (real.sources.length === 0 ? true : undefined));
    }
  });

  test("a frame taken in by any gateway reaches whoever analyses", async () => {
    const consumer = await overServers(frames);
    const seen: string[] = [];
    await consumer.consume(frames.consumers[0] ?? "", 1, async ({ frame }) => void seen.push(frame.id));
    const server_ = connectServer(gateways.url, async () => `Bearer ${await agent.token()}`);
    const ids = [uuidv7(), uuidv7(), uuidv7()];
    for (const id of ids) {
      const headers = { "content-type": "image/jpeg", "x-frame-id": id, "x-camera-id": camera_id };
      await server_.ingest({ ...headers, "x-captured-at": String(Date.now()) }, Uint8Array.of(255, 216));
      await soon("the frame", () => (seen.includes(id) ? true : undefined));
    }
    await consumer.close();
  });

  test("a gateway that is killed loses nothing that its people and its agent do not find at the other", async () => {
    const real = agentAt(gateways.url);
    await real.opened(1);
    const everywhere = await Promise.all(gateways.each.map(({ url }) => consoleAt(url)));
    real.control.send(state("ONLINE"));
    for (const viewer of everywhere) await viewer.text("camera_states");
    const counts = await Promise.all(
      gateways.each.map(async ({ url }) => /gateway_sockets\{kind="agents"\} (\d)/.exec(await metricsAt(url))?.[1]),
    );
    const held = counts.indexOf("1");
    await gateways.each[held]!.kill();
    await everywhere[held]!.closed;
    await real.opened(2);
    real.control.send(state("PARADA"));
    const back = await consoleAt(gateways.url);
    for (const viewer of [back, everywhere[1 - held]!])
      await viewer.text("camera_states", (said) => JSON.stringify(said).includes("PARADA"));
    await gateways.revive(held);
  });

  test("without Redis people are told to ask for themselves; with it again everything is said as before", async () => {
    const viewer = await consoleAt(gateways.url);
    const asked = (): Promise<unknown> => viewer.text("ask_again");
    const { port } = server;
    await server.kill();
    await asked();
    await asked();
    expect(await (await fetch(`${gateways.each[0]!.url}/_/health`)).json()).toEqual({
      alive: true,
      degraded: ["cache"],
    });
    expect((await consoleAt(gateways.url)).socket.readyState).toBe(1);
    server = await startRedis({ binary: binaryOf(redis), port });
    await soon("both to be well", () => (viewer.texts.some(({ type }) => type === "ask_again") ? true : undefined));
    // Until each process has found it again; what is said before that is asked for.
    for (let heard = false; !heard;) {
      const message = { type: "notification", id: uuidv7(), cidade_id: city.id, event: "camera.changed", data: {} };
      await cache.publish(`notifications:${city.id}`, JSON.stringify(message));
      await new Promise((resolve) => setTimeout(resolve, 20));
      heard = viewer.texts.some(({ type }) => type === "notification");
    }
  });

  test("a gateway does not start on what only one process can see", async () => {
    const env = {
      SYSTEM_DATABASE_URL: host.database.urls.system,
      SECRETS_DIR: "/nowhere",
      CACHE_URL: "memory:",
      FRAMES_URL: "memory:",
    };
    await expect(startGateway(env)).rejects.toThrow("CACHE_URL is malformed, FRAMES_URL is malformed");
  });

  const metricsAt = async (url: string): Promise<string> => (await fetch(`${url}/metrics`)).text();
});
