import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "#test/harness/system.ts";
import { passagesOf, prepareCity, type City } from "./city.ts";
import { readDrawnPlate } from "./drawing/read-plate.ts";
import { readVideo } from "./rtsp/video.ts";
import { FPS, FRAMES_PER_KEY_FRAME, LOOP_FRAMES } from "./traffic.ts";

const folder = mkdtempSync(join(tmpdir(), "gt-demo-"));
const dataDir = join(folder, "demo");
const prepare = async (dir: string, seed: string, cameras = 1): Promise<{ city: City; said: string[] }> => {
  const said: string[] = [];
  const city = await prepareCity({ dataDir: dir, seed, cameras, onProgress: (line) => said.push(line) });
  return { city, said };
};
let made: Awaited<ReturnType<typeof prepare>>;

beforeAll(async () => {
  made = await prepare(dataDir, "city");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("a camera's film is one loop, a key frame twice a second and none out of order", async () => {
  const [camera] = made.city.cameras;
  const video = await readVideo(camera?.file ?? "", FPS);
  expect(video.pictures).toHaveLength(LOOP_FRAMES);
  expect(video.pictures.every(({ key }, index) => key === (index % FRAMES_PER_KEY_FRAME === 0))).toBe(true);
  const asked = [
    "-v",
    "error",
    "-select_streams",
    "v",
    "-show_entries",
    "stream=has_b_frames,color_space,width,height",
  ];
  const probed = execFileSync("ffprobe", [...asked, "-of", "json", camera?.file ?? ""], { encoding: "utf8" });
  expect(JSON.parse(probed).streams).toEqual([{ width: 1060, height: 600, has_b_frames: 0, color_space: "bt709" }]);
});

test("each passage's own picture shows its plate and no other", async () => {
  const passages = passagesOf(made.city);
  expect(passages.length).toBeGreaterThanOrEqual(4);
  for (const { plate, plate_image_file, image_file } of passages) {
    expect(await readDrawnPlate(readFileSync(plate_image_file))).toBe(plate);
    expect(readFileSync(image_file).subarray(0, 3).toString("hex")).toBe("ffd8ff");
  }
  const [first, second] = passages;
  expect(await readDrawnPlate(readFileSync(second?.plate_image_file ?? ""))).not.toBe(first?.plate);
});

test("the watched plate passes within the first twenty seconds", () => {
  const [watched] = made.city.watched;
  const passage = passagesOf(made.city).find(({ plate }) => plate === watched?.plate);
  expect((passage?.frame ?? Infinity) / FPS).toBeLessThan(20);
});

test("a second start uses what is there, also where the folder was moved", async () => {
  const [camera] = made.city.cameras;
  const before = statSync(camera?.file ?? "").mtimeMs;
  const again = await prepare(dataDir, "city");
  expect(again.said).toEqual([]);
  expect(again.city).toEqual(made.city);
  const moved = join(folder, "moved");
  renameSync(dataDir, moved);
  const there = await prepare(moved, "city");
  expect(there.said).toEqual([]);
  expect(statSync(there.city.cameras[0]?.file ?? "").mtimeMs).toBe(before);
  expect(there.city.cameras[0]?.url).toBe(camera?.url);
  renameSync(moved, dataDir);
});

test("one more camera leaves the first as it is", async () => {
  const before = statSync(made.city.cameras[0]?.file ?? "").mtimeMs;
  const { city } = await prepare(dataDir, "city", 2);
  expect(city.cameras.map(({ name }) => name)).toEqual(["Avenida das Palmeiras", "Rua do Mirante"]);
  expect(statSync(city.cameras[0]?.file ?? "").mtimeMs).toBe(before);
  expect(new Set(city.cameras.map(({ port }) => port)).size).toBe(2);
  expect(city.watched).toEqual(made.city.watched);
}, 120_000);

test("a preparation that is killed leaves no process and nothing that counts as finished, and is made up for", async () => {
  const killed = join(folder, "killed");
  mkdirSync(killed);
  const script = join(folder, "prepare.ts");
  const city = join(import.meta.dirname, "city.ts");
  writeFileSync(
    script,
    `import { prepareCity } from ${JSON.stringify(city)};
     await prepareCity({ dataDir: ${JSON.stringify(killed)}, seed: "k", cameras: 1, onProgress: () => {} });`,
  );
  const child = spawn(process.execPath, [script], { stdio: "ignore" });
  await until("FFmpeg to film", 60_000, () => (ffmpegsOn(killed).length > 0 ? true : undefined));
  child.kill("SIGKILL");
  await once(child, "exit");
  await until("FFmpeg to end with it", 20_000, () => (ffmpegsOn(killed).length === 0 ? true : undefined));
  expect(existsSync(join(killed, "camera-1"))).toBe(false);
  const { city: whole } = await prepare(killed, "k");
  expect((await readVideo(whole.cameras[0]?.file ?? "", FPS)).pictures).toHaveLength(LOOP_FRAMES);
  expect(readdirSync(killed)).toEqual(["camera-1"]);
}, 120_000);

const ffmpegsOn = (dir: string): string[] =>
  readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, "utf8");
        return line.startsWith("ffmpeg") && line.includes(dir) ? [line] : [];
      } catch {
        return [];
      }
    });
