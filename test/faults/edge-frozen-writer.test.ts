/** FFmpeg that is stopped: live pictures stay true, and one that stays stopped is replaced. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { SimulatedCamera } from "#demo/rtsp/camera.ts";
import type { AgentProcess } from "#edge-agent/testing/agent-process.ts";
import { desired, edgeScene, type EdgeScene } from "#edge-agent/testing/edge-scene.ts";
import { readLiveHeader } from "#lib/wire/live.ts";

let scene: EdgeScene;
let camera: SimulatedCamera;
let agent: AgentProcess;
const one = desired("");
beforeAll(async () => {
  scene = await edgeScene();
  camera = await scene.camera();
  one.url_rtsp = camera.url;
  agent = scene.start();
  scene.server.desire([one]);
  await scene.said(one.id, ({ recording }) => recording);
  await scene.watch(one.id);
  await scene.until("live pictures", () => (scene.server.live.length > 40 ? true : undefined));
});
afterAll(() => scene.close());

const pictures = async (count: number): Promise<void> => {
  let seen = 0;
  camera.onPicture(() => (seen += 1));
  await scene.until(`${count} pictures`, () => (seen >= count ? true : undefined));
};

test(
  "for 3 s, no picture is shown as younger than it is, and none is missing from the recording",
  { timeout: 240_000 },
  async () => {
    const [pid = 0] = agent.writers();
    await scene.until("a file", () => (scene.server.segments.size > 0 ? true : undefined));
    const [before, instants] = [scene.server.live.length, [] as number[]];
    camera.onPicture(({ at_ms }) => void instants.push(at_ms));
    process.kill(pid, "SIGSTOP");
    await pictures(75);
    process.kill(pid, "SIGCONT");
    const shown = scene.server.live
      .slice(before)
      .flatMap(({ data }) => (typeof data === "string" ? [] : [readLiveHeader(data)]));
    expect(shown.length).toBeGreaterThan(25);
    // A picture never claims to be of a time at which the camera had not sent it yet.
    const sent = instants.toSorted((a, b) => a - b);
    // The first ones may have been on their way already.
    const behind = shown
      .slice(0, sent.length)
      .map((header, index) => (header?.captured_at_ms ?? 0) - (sent[index] ?? 0));
    expect(Math.max(...behind)).toBeLessThan(1000);
    await pictures(300);
    expect(agent.writers()).toEqual([pid]);
    const all = [...scene.server.segments.values()]
      .map(({ segment }) => segment)
      .toSorted((a, b) => a.sequence - b.sequence);
    const seams = all
      .slice(1)
      .map((segment, index) => Date.parse(segment.captured_at) - Date.parse(all[index]?.wall_end ?? ""));
    expect(Math.max(0, ...seams.map(Math.abs))).toBeLessThan(500);
  },
);

test("for good, it is ended and another one records on", { timeout: 240_000 }, async () => {
  const [pid = 0] = agent.writers();
  process.kill(pid, "SIGSTOP");
  await scene.until("another writer", () => {
    const writers = agent.writers();
    return writers.length === 1 && writers[0] !== pid ? true : undefined;
  });
  expect(scene.state(one.id)?.status).toBe("ONLINE");
});
