/** A real agent that is told to read at its site. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { desired, edgeScene, type EdgeScene } from "../testing/edge-scene.ts";

let scene: EdgeScene;
beforeEach(async () => {
  scene = await edgeScene();
});
afterEach(() => scene.close());

const RECORDED = 2;

test(
  "it records as ever, sends a marked picture each ten seconds and no other, and ends when it is told",
  { timeout: 180_000 },
  async () => {
    const camera = await scene.camera();
    const wanted = desired(camera.url);
    const agent = scene.start({ env: { VISION_AT_SITE: "on" } });
    scene.server.desire([wanted]);
    await scene.until("networks", () => agent.output().includes("vision is ready") || undefined);
    await scene.until("segments", () => (scene.server.segments.size >= RECORDED ? true : undefined));
    const { frames } = scene.server;
    expect(frames.length).toBeGreaterThan(0);
    expect(frames.filter(({ read_at_site }) => !read_at_site)).toEqual([]);
    const slots = frames.map(({ captured_at_ms }) => Math.floor(captured_at_ms / 10_000));
    expect(new Set(slots).size).toBe(slots.length);
    expect(await agent.stop()).toBe(0);
  },
);

test("without networks it says so once, and sends every key frame to be read", { timeout: 180_000 }, async () => {
  const camera = await scene.camera();
  const agent = scene.start({ env: { VISION_AT_SITE: "on", VISION_MODELS_DIR: scene.folder } });
  scene.server.desire([desired(camera.url)]);
  const unmarked = () => scene.server.frames.filter(({ read_at_site }) => !read_at_site);
  await scene.until("frames to read", () => (unmarked().length >= 4 ? true : undefined));
  expect(agent.output().split("plates are not read here")).toHaveLength(2);
  expect(await agent.stop()).toBe(0);
});
