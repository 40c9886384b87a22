/** Plates read where the cameras are: the agent of `npm start` reads, and its server is sent what was read. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { demoCity, type DemoCity } from "#test/harness/demo-city.ts";
import { framesRead, isReadAsDrawn, NEAR_MS, passedBetween } from "#test/harness/passages.ts";
import { removeData, signIn, startSystem, until, type Api, type RunningSystem } from "#test/harness/system.ts";

const CAMERAS = 2;
/** At least, and how many of them may be unread: a busy machine drops frames; mostly all are read. */
const [PASSAGES, PASSAGES_AFTER_KILL] = [
  { count: 6, unread: 2 },
  { count: 4, unread: 2 },
];
/** Until cameras are on the air and the networks loaded, and until the last looks at who has just passed are written. */
const [FIRST_FRAMES_MS, SETTLED_MS] = [20_000, 8000];
/** Looks at one vehicle are not further apart: a second read of it within this time is the same passage told twice. */
const PASSAGE_MS = 20_000;

let system: RunningSystem;
let city: DemoCity;
let api: Api;
let cidade_id: string;

beforeAll(async () => {
  system = await startSystem({ args: ["--demo-cameras", String(CAMERAS)], env: { VISION_AT_SITE: "on" } });
  city = await demoCity(system, CAMERAS);
  api = await signIn(system);
  cidade_id = (await api<{ items: { id: string }[] }>("GET", "/api/cities")).body.items[0]?.id ?? "";
});
afterAll(async () => {
  await system?.stop();
  if (system) removeData(system);
});

const unreadOf = async (from_ms: number, count: number) => {
  const passed = await until(`${count} passages`, 240_000, async () => {
    const all = await passedBetween(city, from_ms, Date.now() - SETTLED_MS);
    return all.length >= count ? all : undefined;
  });
  const reads = await framesRead(api, from_ms - NEAR_MS);
  return passed.filter((one) => !isReadAsDrawn(reads, one));
};

/** Of the host, by name and labels. */
const metricsNow = async (): Promise<Map<string, number>> => {
  const text = await (await fetch(`${system.url}/metrics`)).text();
  const lines = text.split("\n").flatMap((line) => {
    const [, name, value] = /^([^#]\S*) (\S+)$/.exec(line) ?? [];
    return name === undefined ? [] : [[name, Number(value)] as const];
  });
  return new Map(lines);
};

test(
  "what was drawn is read, with its pictures, and the listed plate raises its alert",
  { timeout: 360_000 },
  async () => {
    const unread = await unreadOf(Date.now() + FIRST_FRAMES_MS, PASSAGES.count);
    expect(unread.length, JSON.stringify(unread)).toBeLessThanOrEqual(PASSAGES.unread);
    const [read] = await framesRead(api, 0);
    for (const picture of [read?.image_url, read?.plate_image_url]) {
      const { status, headers } = await fetch(new URL(picture ?? "", system.url));
      expect([status, headers.get("content-type")]).toEqual([200, "image/jpeg"]);
    }
    const watched = city.passages.watched.map(({ plate }) => plate);
    const alerts = await until("an alert", 90_000, async () => {
      const { body } = await api<{ items: { plate: string }[] }>("GET", `/api/alerts?cidade_id=${cidade_id}`);
      return body.items.length > 0 ? body.items : undefined;
    });
    for (const { plate } of alerts) expect(watched).toContain(plate);
  },
);

test("no frame reaches the server's reading but those that say that they were read", { timeout: 60_000 }, async () => {
  const ofFrames = (metrics: Map<string, number>, state: string): number =>
    metrics.get(`frames{function="ai.read-plates",state="${state}"}`) ?? 0;
  const runs = (metrics: Map<string, number>, outcome: string): number =>
    metrics.get(`function_runs_total{function="read-plates",kind="frames",outcome="${outcome}"}`) ?? 0;
  // Between two frames, so that none is in hand.
  const metrics = await until("every frame to be left alone", 20_000, async () => {
    const now = await metricsNow();
    return runs(now, "skipped") === ofFrames(now, "taken") - ofFrames(now, "evicted") ? now : undefined;
  });
  expect(ofFrames(metrics, "taken")).toBeGreaterThan(0);
  expect(runs(metrics, "done") + runs(metrics, "failed")).toBe(0);
  // Nothing was put before the networks; what was decoded became thumbnails.
  expect(metrics.get("vision_find_seconds_count") ?? 0).toBe(0);
  expect(metrics.get('vision_decoder_pictures{became="decoded"}')).toBeLessThanOrEqual(ofFrames(metrics, "taken"));
});

test(
  "an agent that is killed reads on when it is started again, and no passage is told twice",
  { timeout: 360_000 },
  async () => {
    const killed = system.pids().find(({ name }) => name === "agent")?.pid ?? 0;
    process.kill(killed, "SIGKILL");
    const again = await until("another agent", 60_000, () =>
      system.pids().find(({ name, pid }) => name === "agent" && pid !== killed),
    );
    expect(again.pid).not.toBe(killed);
    const unread = await unreadOf(Date.now() + FIRST_FRAMES_MS, PASSAGES_AFTER_KILL.count);
    expect(unread.length, JSON.stringify(unread)).toBeLessThanOrEqual(PASSAGES_AFTER_KILL.unread);
    const reads = (await framesRead(api, 0)).filter(({ plate }) => city.every.has(plate ?? ""));
    const twice = reads.filter((one) =>
      reads.some(
        (other) =>
          other.id < one.id &&
          other.plate === one.plate &&
          other.camera_id === one.camera_id &&
          Math.abs(Date.parse(other.captured_at) - Date.parse(one.captured_at)) < PASSAGE_MS,
      ),
    );
    expect(twice).toEqual([]);
  },
);
