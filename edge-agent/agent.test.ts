import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SimulatedCamera } from "#demo/rtsp/camera.ts";
import { readLiveHeader } from "#lib/wire/live.ts";
import type { AgentProcess } from "./testing/agent-process.ts";
import { desired, edgeScene, type EdgeScene } from "./testing/edge-scene.ts";

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
  await scene.said(one.id, ({ status, recording }) => status === "ONLINE" && recording);
});
afterAll(() => scene.close());

const LONG = 180_000;
/** What FFmpeg complains about. Not waited for in place: the simulated camera lives in this process. */
const complaints = async (bytes: Buffer, ...format: string[]): Promise<string> => {
  const child = spawn("ffmpeg", ["-v", "error", ...format, "-i", "pipe:0", "-f", "null", "-"]);
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said += String(chunk)));
  child.stdin.on("error", () => undefined);
  child.stdin.end(bytes);
  const [code] = (await once(child, "close")) as [number];
  return code === 0 ? said : `${said} ended with ${code}`;
};
const messages = () => scene.server.live.filter(({ camera_id }) => camera_id === one.id);

describe("a desired camera", { timeout: LONG }, () => {
  test("is recorded, uploaded as it is, and its lasting state is told", async () => {
    const { segment } = await scene.until("a segment", () => [...scene.server.segments.values()][0]);
    expect(segment).toMatchObject({ camera_id: one.id, recording_id: one.recording_id, width: 320, height: 180 });
    const bytes = scene.server.objects.get(`${segment.boot_id}-${segment.sequence}`) ?? Buffer.alloc(0);
    expect([bytes.length, await complaints(bytes)]).toEqual([segment.bytes, ""]);
    expect(scene.server.toldStates.at(-1)).toMatchObject([{ camera_id: one.id, status: "ONLINE", cause: null }]);
  });

  test("sends the key frames of a camera that makes one a second, each decodable by itself", async () => {
    const frames = await scene.until("key frames", () =>
      scene.server.frames.length > 4 ? scene.server.frames : undefined,
    );
    const times = frames.map(({ captured_at_ms }) => captured_at_ms).toSorted((a, b) => a - b);
    expect(((times.at(-1) ?? 0) - (times[0] ?? 0)) / (times.length - 1)).toBeGreaterThan(900);
    for (const { bytes } of frames.slice(0, 5)) expect(await complaints(bytes, "-f", "h264")).toBe("");
  });

  test("is shown live: the whole current group first, every picture once, its age true", async () => {
    const sent = new Map<number, number>();
    camera.onPicture(({ loop, frame, at_ms }) => void sent.set(loop * 100 + frame, at_ms));
    await scene.watch(one.id);
    const media = await scene.until("pictures", () => (messages().length > 200 ? messages() : undefined));
    const [words, init, ...rest] = media.map(({ data }) => data);
    expect(JSON.parse(String(words))).toMatchObject({ type: "live_init", width: 320, height: 180 });
    expect(readLiveHeader(init as Buffer)).toMatchObject({ kind: 1 });
    const headers = rest.map((data) => readLiveHeader(data as Buffer));
    expect(headers[0]).toMatchObject({ kind: 2, key: true });
    expect(headers.map((header) => header?.sequence)).toEqual(headers.map((_, index) => index + 2));
    const file = Buffer.concat([init as Buffer, ...rest].map((data) => (data as Buffer).subarray(16)));
    expect(await complaints(file)).toBe("");
    // Each picture's stated time against the nearest instant at which the camera really sent one: never far from all of them.
    const instants = [...sent.values()];
    const errors = headers
      .slice(-50)
      .map((header) => Math.min(...instants.map((at) => Math.abs(at - (header?.captured_at_ms ?? 0)))));
    expect(errors.toSorted((a, b) => a - b)[Math.floor(errors.length / 2)]).toBeLessThan(41);
  });

  test("says that it stands still, and goes on by itself", async () => {
    await camera.setFault("freeze");
    expect(await scene.said(one.id, ({ status }) => status === "PARADA")).toMatchObject({ cause: "silent" });
    await camera.setFault("none");
    await scene.said(one.id, ({ status }) => status === "ONLINE");
  });

  test("says that its camera repeats one picture, records it all the same, and goes on by itself", async () => {
    const began = Date.now();
    await camera.setFault("repeat");
    const said = await scene.said(one.id, ({ cause }) => cause === "repeating");
    expect(said).toMatchObject({ status: "PARADA", recording: true });
    await scene.until("it as a lasting state", () =>
      scene.server.toldStates.at(-1)?.some(({ cause }) => cause === "repeating"),
    );
    await camera.setFault("none");
    await scene.said(one.id, ({ status }) => status === "ONLINE");
    expect(scene.server.gaps.filter(({ starts_at }) => Date.parse(starts_at) > began)).toEqual([]);
  });

  test("is dialled anew on command, at once", async () => {
    const before = scene.state(one.id)?.since_ms ?? 0;
    scene.server.command({ type: "restart_camera", camera_id: one.id });
    await scene.said(one.id, ({ status, since_ms }) => status === "ONLINE" && since_ms > before);
    expect(camera.viewers()).toBe(1);
  });
});

describe("a change of what is desired", { timeout: LONG }, () => {
  test("is heard after the control connection was lost, and a probe is taken", async () => {
    scene.server.dropControl();
    await scene.until("no connection", () => (scene.server.controls() === 0 ? true : undefined));
    const probed = scene.server.probe(camera.url);
    expect(await probed).toMatchObject({ ok: true, found: { width: 320 } });
    expect(scene.server.controls()).toBe(1);
  });

  test("stops a recording; what was recorded arrives, and no hole is reported for it", async () => {
    scene.server.desire([{ ...one, recording_id: null }]);
    await scene.said(one.id, ({ status, recording }) => status === "ONLINE" && !recording);
    await scene.until("no writer", () => (agent.writers().length === 0 ? true : undefined));
    const holes = scene.server.gaps.length;
    scene.server.desire([one]);
    await scene.said(one.id, ({ recording }) => recording);
    expect(scene.server.gaps.slice(holes)).toEqual([]);
  });

  test("of the address moves the one connection there", async () => {
    const other = await scene.camera();
    scene.server.desire([{ ...one, url_rtsp: other.url }]);
    await scene.until("the move", () => (other.viewers() === 1 && camera.viewers() === 0 ? true : undefined));
    scene.server.desire([one]);
    await scene.until("the move back", () => (other.viewers() === 0 && camera.viewers() === 1 ? true : undefined));
  });

  test("adds a camera beside one that cannot be reached, and takes both away", async () => {
    const [second, dead] = [desired((await scene.camera()).url), desired("rtsp://127.0.0.1:9/none")];
    scene.server.desire([one, second, dead]);
    await scene.said(second.id, ({ status }) => status === "ONLINE");
    expect(await scene.said(dead.id, ({ cause }) => cause !== null)).toMatchObject({
      status: "OFFLINE",
      cause: "refused",
    });
    scene.server.desire([one]);
    await scene.until("one left", () => (scene.server.states().length === 1 ? true : undefined));
    await scene.until("one writer", () => (agent.writers().length === 1 ? true : undefined));
  });
});

test("told to end, it leaves no process and sends the rest after its next start", { timeout: LONG }, async () => {
  const writers = agent.writers();
  expect(await agent.stop()).toBe(0);
  for (const pid of writers) expect(() => process.kill(pid, 0)).toThrow("ESRCH");
  const before = scene.server.segments.size;
  let missed = 0;
  camera.onPicture(() => (missed += 1));
  await scene.until("pictures that nobody records", () => (missed > 75 ? true : undefined));
  agent = scene.start();
  await scene.until("what was left", () => (scene.server.segments.size > before ? true : undefined));
  const hole = await scene.until("the hole", () => scene.server.gaps.find(({ cause }) => cause === "agent"));
  expect(hole).toMatchObject({ camera_id: one.id });
  expect(scene.server.conflicts).toEqual([]);
});
