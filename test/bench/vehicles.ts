/**
 * What is said of vehicles and how often it is right, on the demonstration's nine streets; who is counted without a plate, there and,
 * where `GT_SAMPLES` is there, on a real street seen from above; and what it costs. `node test/bench/vehicles.ts`. Each film is
 * shown twice: the first time the street is learnt.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { prepareCity, type CityCamera } from "#demo/city.ts";
import { streets } from "#demo/drawing/streets.ts";
import { readVideo } from "#demo/rtsp/video.ts";
import { toAnnexB } from "#lib/media/h264.ts";
import { noLog } from "#lib/log.ts";
import { openKeyFrameDecoder } from "#lib/vision/key-frames/open-key-frame-decoder.ts";
import { openVision } from "#lib/vision/open-vision.ts";
import type { Picture } from "#lib/vision/picture.ts";
import { decodeStill } from "#lib/vision/still-pictures.ts";
import { openVehicles } from "#lib/vision/vehicles/vehicles.ts";
import { addVehicle, verdictOf, type VehicleVotes } from "#lib/vision/vehicles/votes.ts";
import type { PlateFound } from "#lib/vision/vision.ts";

const MOST_MS = 3;
let clock = 0;
const folder = mkdtempSync(join(tmpdir(), "gt-vehicles-"));
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const decoder = openKeyFrameDecoder({ processes: 1, log: noLog, limit_ms: 60_000 });
const vision = await openVision({ folder: join(import.meta.dirname, "../../models"), provider: "cpu", log: noLog });

/** What is drawn, by the words that are said of it. */
const drawnAs: Readonly<Record<string, readonly string[]>> = {
  car: ["car", "pickup", "van"],
  light: ["white", "silver", "beige"],
  dark: ["black", "grey"],
};
const isRight = (said: string, drawn: string): boolean => (drawnAs[said] ?? [said]).includes(drawn);

type Score = { said: number; right: number; all: number; wrong: string[] };
const scores = new Map<string, Score>();
const note = (name: string, said: string, drawn: string): void => {
  const score = scores.get(name) ?? { said: 0, right: 0, all: 0, wrong: [] };
  scores.set(name, score);
  score.all += 1;
  if (said === "unknown") return;
  score.said += 1;
  if (isRight(said, drawn)) score.right += 1;
  else score.wrong.push(`${drawn} as ${said}`);
};

/** `blind`: as if no plate were ever found. Answers who was counted without one, in the second showing. */
const watch = async (camera: CityCamera, light: string, blind: boolean): Promise<number> => {
  const { pictures } = await readVideo(camera.file, camera.fps);
  const look = openVehicles({ enabled: true });
  const votes = new Map<string, VehicleVotes | null>();
  const found = new Map<number, PlateFound[]>();
  let passers = 0;
  for (const showing of [0, 1]) {
    for (const [frame, { key, nals }] of pictures.entries()) {
      if (!key) continue;
      const picture = await decoder.decode(camera.name, "h264", toAnnexB(nals));
      const plates = blind ? [] : (found.get(frame) ?? (await vision.find(picture)));
      found.set(frame, plates);
      const at = new Date(((showing * pictures.length + frame) * 1000) / camera.fps);
      const seen = look(camera.name, at, picture)(plates);
      if (showing === 0) continue;
      passers += seen?.passers.length ?? 0;
      for (const [index, { text }] of plates.entries())
        if (text) votes.set(text, addVehicle(votes.get(text) ?? null, seen?.carriers[index] ?? null));
    }
  }
  for (const { plate, vehicle } of camera.vehicles) {
    const verdict = verdictOf(votes.get(plate) ?? null);
    if (!verdict) continue;
    note(`type, ${light}`, verdict.type, vehicle.type);
    if (vehicle.type !== "motorcycle") note(`colour, ${light}`, verdict.color, vehicle.color);
  }
  return passers;
};

const realStreet = async (): Promise<void> => {
  const video = join(process.env["GT_SAMPLES"] ?? "", "video/traffic-from-above.mp4");
  if (!existsSync(video)) return say("A real street: GT_SAMPLES is not there.");
  execFileSync("ffmpeg", ["-v", "error", "-i", video, "-vf", "fps=2", join(folder, "above-%03d.png")]);
  const look = openVehicles({ enabled: true });
  const files = readdirSync(folder)
    .filter((name) => name.startsWith("above-"))
    .toSorted();
  const counts = [0, 0, 0];
  for (let showing = 0; showing < counts.length; showing += 1) {
    for (const [index, file] of files.entries()) {
      const picture = await decodeStill(readFileSync(join(folder, file)));
      const at = new Date((showing * files.length + index) * 500);
      counts[showing] = (counts[showing] ?? 0) + (look("above", at, picture)([])?.passers.length ?? 0);
    }
  }
  say(`A real street from above, 30 s shown three times, 4 vehicles each time: ${counts.join(", ")} counted`);
};

/** CPU of this thread, a street that is learnt, one plate in each picture. */
const measureTime = (): number => {
  const [width, height] = [1920, 1080];
  const plane = (bytes: number, from: number): Uint8Array<SharedArrayBuffer> => {
    const made = new Uint8Array(new SharedArrayBuffer(bytes));
    for (let at = 0; at < bytes; at += 1) made[at] = from + ((at * 7) % 23);
    return made;
  };
  const [u, v] = [plane((width * height) / 4, 110), plane((width * height) / 4, 130)];
  const pictures = [90, 130].map((level): Picture => ({
    width,
    height,
    luma: plane(width * height, level),
    colour: { form: "yuv420", u, v, matrix: "bt709" },
  }));
  const box = { x: 900, y: 700, width: 100, height: 33 };
  const [right, bottom] = [box.x + box.width, box.y + box.height];
  const corners: PlateFound["corners"] = [
    { x: box.x, y: box.y },
    { x: right, y: box.y },
    { x: right, y: bottom },
    { x: box.x, y: bottom },
  ];
  const base = {
    text: null,
    layout: null,
    confidence: 0.9,
    alternatives: [],
    positions: [],
    score: 0.9,
    sharpness: 0.5,
  };
  const plate: PlateFound = { ...base, rows: 1, box, corners, width_px: box.width };
  const look = openVehicles({ enabled: true });
  const run = (times: number): number => {
    const begun = process.cpuUsage();
    for (let at = 0; at < times; at += 1) {
      const picture = pictures[Number(at % 8 === 0)];
      if (picture) look("time", new Date((clock += 500)), picture)([plate]);
    }
    const { user, system } = process.cpuUsage(begun);
    return (user + system) / 1000 / times;
  };
  run(200);
  return run(400);
};

const ms = measureTime();
say(`${ms.toFixed(2)} ms CPU a picture of 1080p with one plate (at most ${MOST_MS})`);
await realStreet();
const city = await prepareCity({
  dataDir: folder,
  seed: "measure",
  cameras: streets.length,
  onProgress: () => undefined,
});
for (const [index, camera] of city.cameras.entries()) {
  const light = streets[index]?.light ?? "";
  const [seeing, blind] = [await watch(camera, light, false), await watch(camera, light, true)];
  say(
    `${camera.name} (${light}): ${camera.vehicles.length} vehicles; counted beside their plates ${seeing}, without any plate ${blind}`,
  );
}
for (const [name, { said, right, all, wrong }] of [...scores].toSorted(([a], [b]) => a.localeCompare(b)))
  say(
    `${name}: of ${all} read vehicles ${said} were told, ${right} right${wrong.length > 0 ? ` (${wrong.join(", ")})` : ""}`,
  );
await Promise.all([vision.close(), decoder.close()]);
rmSync(folder, { recursive: true, force: true });
if (ms > MOST_MS) process.exitCode = 1;
