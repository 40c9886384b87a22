import { createHash } from "node:crypto";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { createLog, type Log } from "#lib/log.ts";
import { createMetrics } from "#lib/metrics.ts";
import { constantNetwork } from "#test/harness/onnx.ts";
import { drawnScene, plateScenes } from "#test/harness/drawn-plates.ts";
import { openVision, type VisionOptions } from "./open-vision.ts";
import type { Picture } from "./picture.ts";
import type { Vision } from "./vision.ts";

const MODELS = join(import.meta.dirname, "../../models");
const NAMES = ["detector.onnx", "reader.onnx", "refiner.onnx"];
const DYING = new URL("./testing/dying-worker.ts", import.meta.url);

let folder: string;
let lines: string[];
let log: Log;
const opened: Vision[] = [];

const open = async (options: Partial<VisionOptions> = {}): Promise<Vision> => {
  const vision = await openVision({ folder, workers: 1, provider: "cpu", log, ...options });
  opened.push(vision);
  return vision;
};
const sign = (): void => {
  const sums = NAMES.map((name) => {
    const sum = createHash("sha256")
      .update(readFileSync(join(folder, name)))
      .digest("hex");
    return `${sum}  ${name}\n`;
  });
  writeFileSync(join(folder, "SHA256SUMS"), sums.join(""));
};
const grey = (level = 128): Picture => {
  const luma = new Uint8Array(new SharedArrayBuffer(640 * 384)).fill(level);
  return { width: 640, height: 384, luma, colour: { form: "grey" } };
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "gt-models-"));
  for (const name of [...NAMES, "SHA256SUMS"]) copyFileSync(join(MODELS, name), join(folder, name));
  lines = [];
  log = createLog({ context: "test", write: (line) => void lines.push(line) });
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((vision) => vision.close()));
  rmSync(folder, { recursive: true });
});

describe("plates that we drew ourselves", () => {
  let vision: Vision;
  afterAll(() => vision.close());

  test.each(plateScenes)("a plate of each layout is read right: $layout, $rows row(s), $width px", async (scene) => {
    vision ??= await openVision({ folder: MODELS, workers: 1, log });
    const picture = await drawnScene([scene]);
    const [found, ...others] = await vision.find(picture);
    expect(others).toEqual([]);
    expect(found).toMatchObject({ text: scene.text, layout: scene.layout, rows: scene.rows });
    expect(found?.alternatives[0]).toEqual({ text: scene.text, confidence: found?.confidence });
    const [left, top] = [scene.x, scene.y];
    expect(Math.hypot((found?.corners[0].x ?? 0) - left, (found?.corners[0].y ?? 0) - top)).toBeLessThan(8);
    expect(found?.width_px).toBeGreaterThan(scene.width * 0.9);
    expect(found?.width_px).toBeLessThan(scene.width * 1.1);
    expect(found?.positions.map((logs) => logs.length)).toEqual(Array(7).fill(36));
  });

  test("several plates of one picture are found, each once", async () => {
    const scenes = plateScenes.slice(0, 3).map((scene, at) => ({ ...scene, x: 80 + at * 400, y: 300 }));
    const found = await vision.find(await drawnScene(scenes));
    expect(new Set(found.map(({ text }) => text))).toEqual(new Set(scenes.map(({ text }) => text)));
    expect(found.length).toBe(scenes.length);
  });

  test("a wall without a plate has none", async () => {
    expect(await vision.find(grey())).toEqual([]);
  });
});

describe("models that are not there or not right", () => {
  const withoutModels = async (): Promise<string> => {
    const vision = await open();
    const state = vision.state();
    await expect(vision.find(grey())).rejects.toMatchObject({
      code: "unavailable",
      reason: "vision.without_models",
    });
    expect(lines.some((line) => line.includes("no plate is read"))).toBe(true);
    return state.state === "without_models" ? state.reason : "ready";
  };

  test("a missing file is named, with what to do; the program runs on", async () => {
    rmSync(join(folder, "reader.onnx"));
    expect(await withoutModels()).toMatch(/reader\.onnx is missing.*from one and the same release/);
  });

  test("a missing list of checksums is named", async () => {
    rmSync(join(folder, "SHA256SUMS"));
    expect(await withoutModels()).toMatch(/SHA256SUMS is missing/);
  });

  test("a cut-off file and one with a single other bit are damaged", async () => {
    truncateSync(join(folder, "refiner.onnx"), 1000);
    expect(await withoutModels()).toMatch(/refiner\.onnx is damaged/);
    const bytes = readFileSync(join(MODELS, "refiner.onnx"));
    bytes[500_000] = (bytes[500_000] ?? 0) ^ 1;
    writeFileSync(join(folder, "refiner.onnx"), bytes);
    expect(await withoutModels()).toMatch(/refiner\.onnx is damaged/);
  });

  test("a file that is no network, though its checksum is right, is named", async () => {
    writeFileSync(join(folder, "detector.onnx"), "no network");
    sign();
    expect(await withoutModels()).toMatch(/detector\.onnx cannot be loaded/);
  });

  test("a network with other inputs or outputs is of another version", async () => {
    copyFileSync(join(folder, "detector.onnx"), join(folder, "reader.onnx"));
    sign();
    expect(await withoutModels()).toMatch(/reader\.onnx is of another version: it has no input corners/);
  });

  test("a GPU that is not there leaves the work to the CPU, and the log says so", async () => {
    const vision = await open({ provider: "cuda" });
    expect(vision.state()).toMatchObject({ state: "ready", provider: "cpu" });
    expect(lines.some((line) => line.includes('"warn"') && line.includes("CPU"))).toBe(true);
  });
});

describe("networks that give nonsense", () => {
  const luma = { name: "luma", type: "uint8", dims: [1, 1, "height", "width"] } as const;
  const corners = { name: "corners", type: "float32", dims: [1, 4, 2] } as const;
  const plate = [100, 100, 220, 100, 220, 140, 100, 140];
  const detector = (boxes: number[][], score: number[]): Buffer =>
    constantNetwork([luma], {
      corners: { dims: [boxes.length, 4, 2], values: Float32Array.from(boxes.flat()) },
      score: { dims: [boxes.length], values: Float32Array.from(score) },
      two_rows: { dims: [boxes.length], values: new Float32Array(boxes.length) },
    });
  const refiner = (values: number[]): Buffer =>
    constantNetwork([luma, corners], { refined: { dims: [1, 4, 2], values: Float32Array.from(values) } });
  const reader = (character: number, sure: number): Buffer =>
    constantNetwork([luma, corners], {
      characters: { dims: [1, 7, 36], values: new Float32Array(252).fill(character) },
      layout: { dims: [1, 4], values: Float32Array.from([0.25, 0.25, 0.25, 0.25]) },
      sure: { dims: [1], values: Float32Array.from([sure]) },
      view: { dims: [1, 1, 64, 160], values: new Float32Array(64 * 160) },
    });
  const good = { detector: detector([plate], [0.9]), refiner: refiner(plate), reader: reader(1 / 36, 0.5) };

  const finds = async (networks: Partial<typeof good>) => {
    for (const [name, bytes] of Object.entries({ ...good, ...networks }))
      writeFileSync(join(folder, `${name}.onnx`), bytes);
    sign();
    const metrics = createMetrics();
    const vision = await open({ metrics });
    const found = await vision.find(grey());
    const [, why, dropped] = /^vision_finds_discarded_total\{why="(\w+)"\} (\d+)/m.exec(await metrics.text()) ?? [];
    return { found, dropped: Number(dropped ?? 0), why };
  };

  test("constant networks without a fault find their plate", async () => {
    const { found, dropped } = await finds({});
    expect([found.length, found[0]?.confidence, dropped]).toEqual([1, 0.5, 0]);
  });

  test.each([
    ["a detector's corners that are no numbers", { detector: detector([plate.with(3, Number.NaN)], [0.9]) }],
    ["a detector's score that is no number", { detector: detector([plate], [Number.NaN]) }],
    ["refined corners that are no numbers", { refiner: refiner(plate.with(0, Number.NaN)) }],
    ["characters that are no numbers", { reader: reader(Number.NaN, 0.5) }],
    ["probabilities above one", { reader: reader(3, 0.5) }],
    ["a sureness that is no number", { reader: reader(1 / 36, Number.NaN) }],
  ])("%s: that find is dropped and counted, and the log says so", async (_, networks) => {
    expect(await finds(networks)).toEqual({ found: [], dropped: 1, why: "unusable" });
    expect(lines.some((line) => line.includes("no usable numbers"))).toBe(true);
  });

  test.each([
    ["refined corners far outside", { refiner: refiner(plate.map((value) => value + 5000)) }],
    ["refined corners without an area", { refiner: refiner(plate.with(5, 101).with(7, 101)) }],
    ["refined corners in the wrong order", { refiner: refiner([220, 100, 100, 100, 100, 140, 220, 140]) }],
  ])("%s: that find is dropped and counted", async (_, networks) => {
    expect(await finds(networks)).toEqual({ found: [], dropped: 1, why: "implausible" });
  });

  test("finds beyond those that are read of one picture are counted", async () => {
    const crowd = detector(Array<number[]>(16).fill(plate), Array<number>(16).fill(0.9));
    const { found, dropped, why } = await finds({ detector: crowd });
    expect([found.length, dropped, why]).toEqual([1, 1, "too_many"]);
  });

  test("what the detector is sure of and the reader is not is a plate that cannot be read", async () => {
    const { found } = await finds({ reader: reader(1 / 36, 0.001) });
    expect(found).toMatchObject([{ text: null, layout: null, score: expect.closeTo(0.9) }]);
  });

  test("what neither is sure of is no plate", async () => {
    const { found } = await finds({ detector: detector([plate], [0.5]), reader: reader(1 / 36, 0.001) });
    expect(found).toEqual([]);
  });

  test("two finds that the refiner leads to one place are one plate", async () => {
    const { found } = await finds({ detector: detector([plate, plate.map((value) => value + 60)], [0.9, 0.8]) });
    expect(found.length).toBe(1);
  });
});

/** The worker of these tests finds nothing, but dies over, hangs on or fails at pictures of certain greys. */
describe("workers", () => {
  const [DIES, HANGS] = [1, 2];

  test("a worker that dies costs its own picture only; another takes its place", async () => {
    const metrics = createMetrics();
    const vision = await open({ worker_file: DYING, workers: 2, metrics });
    const asked = [grey(), grey(DIES), grey(), grey()].map((picture) => vision.find(picture));
    const [first, second, ...others] = await Promise.allSettled(asked);
    expect([first?.status, ...others.map(({ status }) => status)]).toEqual(Array(3).fill("fulfilled"));
    expect(second).toMatchObject({ reason: { code: "unavailable", reason: "vision.worker_died" } });
    for (let turn = 0; turn < 4; turn += 1) expect(await vision.find(grey())).toEqual([]);
    expect(await metrics.text()).toMatch(/^vision_worker_deaths_total 1$/m);
  });

  test("a single worker may die again and again", async () => {
    const vision = await open({ worker_file: DYING });
    for (let turn = 0; turn < 3; turn += 1) {
      await expect(vision.find(grey(DIES))).rejects.toMatchObject({ reason: "vision.worker_died" });
      expect(await vision.find(grey())).toEqual([]);
    }
  });

  test("who gives up while waiting is not looked at, and who gives up early is not even queued", async () => {
    const vision = await open({ worker_file: DYING, most_waiting: 1, limit_ms: 200 });
    const busy = vision.find(grey(HANGS));
    const [early, late] = [AbortSignal.abort(new Error("early")), new AbortController()];
    await expect(vision.find(grey(DIES), { signal: early })).rejects.toThrow("early");
    const waiting = vision.find(grey(DIES), { signal: late.signal });
    late.abort(new Error("late"));
    await expect(waiting).rejects.toThrow("late");
    const ended = Promise.allSettled([busy, vision.find(grey())]);
    await vision.close();
    const closed = { status: "rejected", reason: { reason: "vision.closed" } };
    expect(await ended).toMatchObject([closed, closed]);
    await expect(vision.find(grey())).rejects.toMatchObject({ reason: "vision.closed" });
  });

  test("more callers than may wait are refused at once", async () => {
    const vision = await open({ worker_file: DYING, most_waiting: 2, limit_ms: 200 });
    const ended = Promise.allSettled([HANGS, 0, 0].map((level) => vision.find(grey(level))));
    await expect(vision.find(grey())).rejects.toMatchObject({
      code: "unavailable",
      reason: "vision.busy",
      retryAfterSeconds: 1,
    });
    await vision.close();
    await ended;
  });

  test("a worker that hangs is ended, and the next picture has its turn", async () => {
    const vision = await open({ worker_file: DYING, limit_ms: 100 });
    await expect(vision.find(grey(HANGS))).rejects.toMatchObject({ reason: "vision.worker_died" });
    expect(await vision.find(grey())).toEqual([]);
  });

  test("real networks may be closed in the middle of a picture", async () => {
    const vision = await open({ folder: MODELS });
    const ended = Promise.allSettled([vision.find(await drawnScene(plateScenes.slice(0, 1)))]);
    await vision.close();
    expect(await ended).toMatchObject([{ reason: { reason: "vision.closed" } }]);
  });
});
