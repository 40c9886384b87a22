import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { afterEach, describe, expect, test } from "vitest";
import { AppError } from "#lib/errors.ts";
import type { Cache } from "#lib/cache/cache.ts";
import { memoryCache } from "#lib/cache/memory.ts";
import { memoryFrames } from "#lib/frames/memory.ts";
import { noLog } from "#lib/log.ts";
import { notificationChannel } from "#lib/wire/console.ts";
import { LIVE_KIND, readLiveHeader } from "#lib/wire/live.ts";
import {
  dialSocket,
  initMedia,
  liveInit as init,
  liveMedia as media,
  refusalOf,
  sequencesOf as sequences,
  soon as until,
  type SocketPeer,
} from "#test/harness/socket-peer.ts";
import { attachGateway, type Gateway } from "./gateway.ts";
import type { ConsoleSession, GatewayNeeds } from "./needs.ts";

const city = "0190c0de-0000-7000-8000-000000000001";
const otherCity = "0190c0de-0000-7000-8000-000000000002";
const camera = "0190c0de-0000-7000-8000-00000000000c";
const agent = "0190c0de-0000-7000-8000-00000000000a";

const online = {
  camera_id: camera,
  status: "ONLINE",
  cause: null,
  since_ms: 1,
  recording: true,
  last_captured_at_ms: 1,
  bytes_per_second: 1,
};

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

const session = (changes: Partial<ConsoleSession> = {}): ConsoleSession => ({
  session_id: "s1",
  user_id: "u1",
  cities: [city],
  may: (_permission, cidade_id) => cidade_id === city,
  ...changes,
});

type Set = { server: Server; gateway: Gateway; needs: GatewayNeeds; base: string };

const start = async (changes: Partial<GatewayNeeds> = {}): Promise<Set> => {
  const cache = memoryCache();
  const frames = memoryFrames({ consumers: ["test"] });
  const needs: GatewayNeeds = {
    peers: null,
    cache,
    frames,
    redeemTicket: async (ticket) => (ticket === "good" ? session() : null),
    renewSession: async () => session(),
    agentOf: async (authorization) => {
      if (authorization !== "Bearer agent") throw new AppError("unauthorized", "no");
      return { agent_id: agent, cidade_id: city };
    },
    liveGrantOf: async (token) => {
      if (token !== "live") throw new AppError("unauthorized", "no");
      return { camera_id: camera, cidade_id: city, agent_id: agent, session_id: "s1" };
    },
    cameraInCity: async () => true,
    cities: async () => [city, otherCity],
    clock: () => new Date(),
    ids: () => crypto.randomUUID(),
    log: noLog,
    ...changes,
  };
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const gateway = attachGateway(server, needs);
  cleanups.push(async () => {
    await gateway.close();
    await frames.close();
    await cache.close();
    server.close();
  });
  return { server, gateway, needs, base: `127.0.0.1:${(server.address() as AddressInfo).port}` };
};

const dial = async (base: string, path: string, headers: Record<string, string>): Promise<SocketPeer> => {
  const peer = await dialSocket(`ws://${base}${path}`, headers);
  cleanups.push(() => peer.socket.terminate());
  return peer;
};

const console_ = (base: string, ticket = "good") =>
  dial(base, `/console/socket?ticket=${ticket}`, { origin: `http://${base}` });
const control = (base: string) => dial(base, "/agents/control", { authorization: "Bearer agent" });
const source = (base: string) => dial(base, `/agents/live/${camera}`, { authorization: "Bearer agent" });

const refusedWith = (base: string, path: string, headers: Record<string, string>): Promise<number> =>
  refusalOf(`ws://${base}${path}`, headers);

/** A console watching one camera whose agent has begun to send. */
const watching = async (base: string) => {
  const hand = await control(base);
  const viewer = await console_(base);
  viewer.socket.send(JSON.stringify({ type: "live_open", channel: 7, token: "live" }));
  await hand.text("open_live");
  const sender = await source(base);
  sender.socket.send(JSON.stringify(init));
  sender.socket.send(initMedia);
  return { hand, viewer, sender };
};

describe("who may open a socket", () => {
  test("a console without a good ticket is refused", async () => {
    const { base } = await start();
    expect(await refusedWith(base, "/console/socket?ticket=old", { origin: `http://${base}` })).toBe(401);
  });

  test("a page of another origin is refused before its ticket is looked at", async () => {
    let redeemed = 0;
    const { base } = await start({ redeemTicket: async () => ((redeemed += 1), session()) });
    expect(await refusedWith(base, "/console/socket?ticket=good", { origin: "http://evil.example" })).toBe(403);
    expect(redeemed).toBe(0);
  });

  test("an agent without its own token is refused", async () => {
    const { base } = await start();
    expect(await refusedWith(base, "/agents/control", {})).toBe(401);
    expect(await refusedWith(base, `/agents/live/${camera}`, { authorization: "Bearer other" })).toBe(401);
  });

  test("an unknown path is no socket", async () => {
    const { base } = await start();
    expect(await refusedWith(base, "/elsewhere", {})).toBe(404);
  });
});

describe("live video", () => {
  test("the agent is asked only when somebody watches, and its pictures come on the viewer's channel", async () => {
    const { base } = await start();
    const { viewer, sender } = await watching(base);
    sender.socket.send(media(1, true));
    sender.socket.send(media(2, false));
    expect(await viewer.text("live_init")).toMatchObject({ channel: 7, mime: init.mime });
    const [first, ...rest] = await viewer.binary(3);
    expect(readLiveHeader(first as Buffer)).toMatchObject({ kind: LIVE_KIND.init, channel: 7 });
    expect(sequences(rest)).toEqual([1, 2]);
    expect(rest.map((message) => readLiveHeader(message)?.captured_at_ms)).toEqual([1001, 1002]);
  });

  test("who joins in the middle of a group of pictures begins with its key frame", async () => {
    const { base } = await start();
    const { sender, viewer } = await watching(base);
    for (const [sequence, key] of [
      [1, true],
      [2, false],
      [3, true],
      [4, false],
    ] as const)
      sender.socket.send(media(sequence, key));
    await viewer.binary(5);
    const second = await console_(base);
    second.socket.send(JSON.stringify({ type: "live_open", channel: 9, token: "live" }));
    const [first, ...rest] = await second.binary(3);
    expect(readLiveHeader(first as Buffer)?.kind).toBe(LIVE_KIND.init);
    expect(sequences(rest)).toEqual([3, 4]);
  });

  test("a viewer who cannot follow skips to the next key frame and is told of the jump", async () => {
    const { base } = await start();
    const { sender, viewer } = await watching(base);
    sender.socket.send(media(1, true));
    await viewer.binary(2);
    viewer.socket.pause();
    for (let sequence = 2; sequence < 40; sequence += 1) sender.socket.send(media(sequence, false, 500_000));
    await until("the flood to leave", () => (sender.socket.bufferedAmount === 0 ? true : undefined));
    viewer.socket.resume();
    const ping = new Promise((resolve) => viewer.socket.once("pong", resolve));
    viewer.socket.ping();
    await ping;
    sender.socket.send(media(40, false));
    sender.socket.send(media(41, true));
    const header = await until("the key frame", () =>
      viewer.media.map((message) => readLiveHeader(message)).find((found) => found?.sequence === 41),
    );
    expect(header).toMatchObject({ key: true, discontinuity: true });
    expect(sequences(viewer.media)).not.toContain(40);
  });

  test("a token that was given to another session opens nothing", async () => {
    const { base } = await start({ redeemTicket: async () => session({ session_id: "s2" }) });
    const viewer = await console_(base);
    viewer.socket.send(JSON.stringify({ type: "live_open", channel: 1, token: "live" }));
    expect(await viewer.text("live_end")).toMatchObject({ channel: 1, cause: "token" });
  });

  test("an agent that is not connected is named as the cause", async () => {
    const { base } = await start();
    const viewer = await console_(base);
    viewer.socket.send(JSON.stringify({ type: "live_open", channel: 1, token: "live" }));
    expect(await viewer.text("live_end")).toMatchObject({ channel: 1, cause: "agent_away" });
  });

  test("a camera's socket that nobody asked for is closed", async () => {
    const { base } = await start();
    expect(await (await source(base)).closed).toBe(1000);
  });
});

describe("what consoles are told", () => {
  test("a notification reaches those who may see its city and its kind, and nobody else", async () => {
    const may: ConsoleSession["may"] = (permission, cidade_id) => permission === "alerts.view" && cidade_id === city;
    const { base, needs } = await start({ redeemTicket: async () => session({ cities: "all", may }) });
    const viewer = await console_(base);
    await viewer.text("welcome");
    const say = (event: string, cidade_id: string) =>
      needs.cache.publish(
        notificationChannel(cidade_id),
        JSON.stringify({ type: "notification", id: crypto.randomUUID(), cidade_id, event, data: {} }),
      );
    await say("lpr.detected", city);
    await say("alert.triggered", otherCity);
    await say("alert.triggered", city);
    expect(await viewer.text("notification")).toMatchObject({ event: "alert.triggered", cidade_id: city });
    expect(viewer.texts.filter(({ type }) => type === "notification")).toEqual([]);
  });

  test("cameras of an agent that went away are said to be away", async () => {
    const { base } = await start();
    const hand = await control(base);
    const viewer = await console_(base);
    await viewer.text("welcome");
    hand.socket.send(JSON.stringify({ type: "states", cameras: [online] }));
    expect(
      await until("the state", () => viewer.texts.find((message) => JSON.stringify(message).includes("ONLINE"))),
    ).toBeDefined();
    hand.socket.terminate();
    await until("the absence", () => viewer.texts.find((message) => JSON.stringify(message).includes("agent_away")));
  });

  test("what an agent last said of a camera can be asked for by the camera's key, for ten seconds", async () => {
    const plain = memoryCache();
    const kept: { key: string; value: string; ttl_seconds: number }[] = [];
    const cache: Cache = {
      ...plain,
      set: (key, value, options) => {
        kept.push({ key, value: String(value), ...options });
        return plain.set(key, value, options);
      },
    };
    const { base } = await start({ cache });
    const hand = await control(base);
    hand.socket.send(JSON.stringify({ type: "states", cameras: [online] }));
    const said = await until("the state", () => kept[0]);
    expect(said).toMatchObject({ key: `camera:${camera}:status`, ttl_seconds: 10 });
    expect(JSON.parse(said.value)).toMatchObject(online);
  });

  test("a hint published for an agent reaches it", async () => {
    const { base, needs } = await start();
    const hand = await control(base);
    await hand.text("desired_state_changed");
    await needs.cache.publish(`agents:${agent}`, JSON.stringify({ type: "probe_waiting" }));
    await hand.text("probe_waiting");
  });

  test("garbage on a socket neither closes it nor ends the process", async () => {
    const { base } = await start();
    const viewer = await console_(base);
    viewer.socket.send("{");
    viewer.socket.send(Buffer.from([1, 2, 3]));
    viewer.socket.send(JSON.stringify({ type: "live_open", channel: "seven", token: {} }));
    viewer.socket.send(JSON.stringify({ type: "clock", sent_at: 5 }));
    expect(await viewer.text("clock")).toMatchObject({ sent_at: 5 });
  });
});
