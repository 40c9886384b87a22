import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AppError } from "#lib/errors.ts";
import type { Cache, Listener } from "#lib/cache/cache.ts";
import { memoryCache } from "#lib/cache/memory.ts";
import { memoryFrames } from "#lib/frames/memory.ts";
import { noLog } from "#lib/log.ts";
import { notificationChannel } from "#lib/wire/console.ts";
import {
  dialSocket,
  initMedia,
  liveInit,
  liveMedia,
  refusalOf,
  sequencesOf,
  soon,
  type SocketPeer,
} from "#test/harness/socket-peer.ts";
import { attachGateway, type Gateway } from "./gateway.ts";
import type { Peers } from "./peers.ts";

const city = "0190c0de-0000-7000-8000-000000000001";
const camera = "0190c0de-0000-7000-8000-00000000000c";
const agents = ["0190c0de-0000-7000-8000-00000000000a", "0190c0de-0000-7000-8000-00000000000b"] as const;

const cleanups: (() => Promise<void> | void)[] = [];
let cache: Cache;
beforeEach(() => {
  cache = memoryCache();
  cleanups.push(() => cache.close());
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

type Running = { gateway: Gateway; base: string };

/** `clock`: when it thinks it accepts. */
const start = async (options: { clock?: () => Date; over?: Cache } = {}): Promise<Running> => {
  const frames = memoryFrames({ consumers: ["test"] });
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const base = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const peers: Peers = { url: `http://${base}`, secret: "shared" };
  const gateway = attachGateway(server, {
    peers,
    cache: options.over ?? cache,
    frames,
    redeemTicket: async () => ({ session_id: "s", user_id: "u", cities: [city], may: () => true }),
    renewSession: async () => null,
    agentOf: async (authorization) => {
      const agent_id = agents.find((id) => authorization === `Bearer ${id}`);
      if (!agent_id) throw new AppError("unauthorized", "no");
      return { agent_id, cidade_id: city };
    },
    liveGrantOf: async () => ({ camera_id: camera, cidade_id: city, agent_id: agents[0], session_id: "s" }),
    cameraInCity: async () => true,
    cities: async () => [city],
    clock: options.clock ?? (() => new Date()),
    ids: () => crypto.randomUUID(),
    log: noLog,
  });
  cleanups.push(async () => {
    await gateway.close();
    await frames.close();
    server.close();
  });
  return { gateway, base };
};

const dial = async (url: string, headers: Record<string, string>): Promise<SocketPeer> => {
  const peer = await dialSocket(url, headers);
  cleanups.push(() => peer.socket.terminate());
  return peer;
};
const consoleAt = async ({ base }: Running): Promise<SocketPeer> => {
  const peer = await dial(`ws://${base}/console/socket?ticket=x`, { origin: `http://${base}` });
  await peer.text("welcome");
  return peer;
};
const agentAt = async ({ base }: Running, agent: string = agents[0]): Promise<SocketPeer> => {
  const peer = await dial(`ws://${base}/agents/control`, { authorization: `Bearer ${agent}` });
  await peer.text("desired_state_changed");
  return peer;
};
const sourceAt = async ({ base }: Running, agent: string = agents[0]): Promise<SocketPeer> => {
  const peer = await dial(`ws://${base}/agents/live/${camera}`, { authorization: `Bearer ${agent}` });
  peer.say(liveInit);
  peer.say(initMedia);
  return peer;
};
const watch = (viewer: SocketPeer, channel = 7): void => viewer.say({ type: "live_open", channel, token: "t" });

const stateOf = (status: string) => ({
  type: "states",
  cameras: [
    {
      camera_id: camera,
      status,
      cause: null,
      since_ms: 1,
      recording: true,
      last_captured_at_ms: 1,
      bytes_per_second: 1,
      watchdog_restarts: 0,
    },
  ],
});
const isOnline = (message: object): boolean => JSON.stringify(message).includes("ONLINE");

describe("an agent and those who watch, at different gateways", () => {
  test("what an agent says of its cameras reaches the consoles of both, once", async () => {
    const [a, b] = [await start(), await start()];
    const viewers = [await consoleAt(a), await consoleAt(b)];
    const agent = await agentAt(b);
    agent.say(stateOf("ONLINE"));
    for (const viewer of viewers) await viewer.text("camera_states", isOnline);
    agent.say(stateOf("PARADA"));
    for (const viewer of viewers) await viewer.text("camera_states");
    expect(viewers.map(({ texts }) => texts)).toEqual([[], []]);
  });

  test("whoever wants live pictures finds the agent wherever it is, and the pictures wherever they arrive", async () => {
    const [a, b, c] = [await start(), await start(), await start()];
    const agent = await agentAt(b);
    const viewer = await consoleAt(a);
    watch(viewer);
    await agent.text("open_live");
    const source = await sourceAt(c);
    source.say(liveMedia(1, true));
    source.say(liveMedia(2, false));
    expect(await viewer.text("live_init")).toMatchObject({ channel: 7, mime: liveInit.mime });
    expect(sequencesOf(await viewer.binary(3))).toEqual([0, 1, 2]);

    // Who comes later gets the current group, without another word to the agent.
    const late = await consoleAt(b);
    watch(late, 9);
    expect(sequencesOf(await late.binary(3))).toEqual([0, 1, 2]);
    source.say(liveMedia(3, true));
    expect([sequencesOf(await viewer.binary(1)), sequencesOf(await late.binary(1))]).toEqual([[3], [3]]);
  });

  test("when the pictures arrive somewhere else all viewers follow", async () => {
    const [a, b] = [await start(), await start()];
    const agent = await agentAt(a);
    const viewers = [await consoleAt(a), await consoleAt(b)];
    for (const viewer of viewers) watch(viewer);
    await agent.text("open_live");
    const first = await sourceAt(a);
    first.say(liveMedia(1, true));
    for (const viewer of viewers) await viewer.binary(2);
    first.socket.terminate();
    for (const viewer of viewers) await viewer.text("live_end");
    const second = await sourceAt(b);
    second.say(liveMedia(5, true));
    for (const viewer of viewers) expect(sequencesOf(await viewer.binary(2))).toEqual([0, 5]);
  });

  test("pictures of another agent than the camera's own reach nobody", async () => {
    const [a, b] = [await start(), await start()];
    await agentAt(a);
    const viewer = await consoleAt(a);
    watch(viewer);
    for (const place of [a, b]) {
      const foreign = await sourceAt(place, agents[1]);
      foreign.say(liveMedia(1, true));
      expect(await foreign.closed).toBe(1000);
    }
    const own = await sourceAt(b);
    own.say(liveMedia(8, true));
    expect(sequencesOf(await viewer.binary(2))).toEqual([0, 8]);
  });

  test("between gateways nobody is served without the proof of this camera and this minute", async () => {
    const a = await start();
    const url = `ws://${a.base}/gateways/live/${agents[0]}/${camera}`;
    for (const authorization of ["", `Relay ${Date.now() + 30_000}.${"A".repeat(43)}`, `Bearer ${agents[0]}`])
      expect(await refusalOf(url, { authorization })).toBe(401);
  });
});

describe("an agent that reconnects elsewhere", () => {
  test("is held there alone: the old line ends, and nothing is left that could be said to be away", async () => {
    const [a, b] = [await start(), await start()];
    const old = await agentAt(a);
    old.say(stateOf("ONLINE"));
    await soon("its cameras", () => a.gateway.cameras()[0]);
    await agentAt(b);
    expect(await old.closed).toBe(1006);
    await soon("a to let go", () => (a.gateway.cameras().length === 0 ? true : undefined));
    expect([a.gateway.counts().agents, b.gateway.counts().agents]).toEqual([0, 1]);
  });

  test("is held by the newest, also when an older one speaks up late", async () => {
    let early = Date.parse("2026-03-04T12:00:00Z");
    const [a, b] = [
      await start({ clock: () => new Date(early) }),
      await start({ clock: () => new Date("2026-03-04T12:00:01Z") }),
    ];
    const newest = await agentAt(b);
    const late = await dial(`ws://${a.base}/agents/control`, { authorization: `Bearer ${agents[0]}` });
    expect(await late.closed).toBe(1006);
    early += 5000;
    await agentAt(a);
    expect(await newest.closed).toBe(1006);
  });
});

describe("what was missed between gateways", () => {
  /** A cache whose channels can be told that they missed something. */
  const deaf = (over: Cache) => {
    const listeners: Listener[] = [];
    const subscribe: Cache["subscribe"] = (channel, listener) => {
      listeners.push(listener);
      return over.subscribe(channel, listener);
    };
    return { cache: { ...over, subscribe }, miss: () => listeners.forEach((listener) => listener(null)) };
  };

  test("is asked for again by each console, once however many cities it sees, and by each agent", async () => {
    const { cache: over, miss } = deaf(cache);
    const a = await start({ over });
    const [viewer, agent] = [await consoleAt(a), await agentAt(a)];
    miss();
    await viewer.text("ask_again");
    await agent.text("desired_state_changed");
    await agent.text("probe_waiting");
    expect(viewer.texts).toEqual([]);
  });

  test("cannot be missed by who asks after the welcome: everything from then on is said", async () => {
    const a = await start();
    const told: string[] = [];
    const { subscribe } = cache;
    cache.subscribe = async (channel, listener) => {
      const subscription = await subscribe(channel, listener);
      told.push(channel);
      return subscription;
    };
    const viewer = await dial(`ws://${a.base}/console/socket?ticket=x`, { origin: `http://${a.base}` });
    await viewer.text("welcome");
    expect(told).toContain(notificationChannel(city));
  });
});
