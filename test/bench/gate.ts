/**
 * What the gate spares and what it loses, on the demonstration's films and, where `GT_SAMPLES` is there, on a real street seen from
 * above. `node test/bench/gate.ts`. A look is lost when a plate can be read in a key frame that the gate does not let pass. Each film
 * is shown twice: in the first half minute the gate learns what changes always, such as the numbers in the demonstration's pictures.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { prepareScene, stageOf } from "#demo/drawing/scenes.ts";
import { streets } from "#demo/drawing/streets.ts";
import { filmLoop } from "#demo/filming.ts";
import { readVideo } from "#demo/rtsp/video.ts";
import { FPS, distanceOf, planTraffic, type Trip } from "#demo/traffic.ts";
import { toAnnexB } from "#lib/media/h264.ts";
import { noLog } from "#lib/log.ts";
import { openGate } from "#lib/vision/gate.ts";
import { openKeyFrameDecoder } from "#lib/vision/key-frames/open-key-frame-decoder.ts";

const SEED = "gate";
/** Between these a plate can be read in the demonstration's films. */
const [NEAREST, FARTHEST] = [9, 20];
/** Of looks at somebody who can be read: each is looked at three times and more. */
const MOST_LOST = 0.01;

const folder = mkdtempSync(join(tmpdir(), "gt-gate-"));
const decoder = openKeyFrameDecoder({ processes: 1, log: noLog, limit_ms: 60_000 });
const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** `null`: who is near is not known. */
type Looked = {
  name: string;
  /** Of each showing. */
  frames: number;
  passed: [number, number];
  near: number | null;
  lost: number;
  /** Of all showings together: the gate's, and the decoder's in this process. */
  ms: number;
  decoding_ms: number;
};

const watch = async (name: string, file: string, fps: number, isNear: ((frame: number) => boolean) | null) => {
  const { pictures } = await readVideo(file, fps);
  let frame_ms = 0;
  const gate = openGate({ enabled: true, now: () => frame_ms });
  const found: Looked = { name, frames: 0, passed: [0, 0], near: isNear ? 0 : null, lost: 0, ms: 0, decoding_ms: 0 };
  for (const showing of [0, 1] as const) {
    for (const [frame, { key, nals }] of pictures.entries()) {
      if (!key) continue;
      frame_ms = ((showing * pictures.length + frame) * 1000) / fps;
      const begun = process.cpuUsage();
      const picture = await decoder.decode(name, "h264", toAnnexB(nals));
      const decoded = process.cpuUsage();
      const passes = gate.worthLooking(name, picture);
      found.decoding_ms += between(begun, decoded);
      found.ms += between(decoded, process.cpuUsage());
      if (showing === 0) found.frames += 1;
      if (passes) found.passed[showing] += 1;
      if (!isNear?.(frame)) continue;
      found.near = (found.near ?? 0) + 1;
      if (!passes) found.lost += 1;
    }
  }
  return found;
};

const between = (from: NodeJS.CpuUsage, to: NodeJS.CpuUsage): number =>
  (to.user + to.system - from.user - from.system) / 1000;

const film = async (camera: number, trips: readonly Trip[]): Promise<Looked> => {
  const street = streets[camera];
  if (!street) throw new Error("no such street");
  const file = join(folder, `${camera}-${trips.length}.h264`);
  await filmLoop(await stageOf(await prepareScene(camera, street, trips, SEED), SEED, 1.25), file, () => {});
  const isNear = (frame: number): boolean =>
    trips.some((trip) => {
      const metres = distanceOf(trip, street, frame);
      return metres !== null && metres > NEAREST && metres < FARTHEST;
    });
  const traffic = trips.length === 0 ? "empty" : `${trips.length} vehicles in 48 s`;
  return watch(`${street.name}, ${street.light}, ${traffic}`, file, FPS, isNear);
};

const traffic = planTraffic(SEED);
const all: Looked[] = [];
const keep = (one: Looked): void => {
  all.push(one);
  const [first, later] = one.passed.map((passed) => `${((passed / one.frames) * 100).toFixed(0).padStart(3)} %`);
  const losses = one.near === null ? "not labelled" : `${one.lost} of ${one.near} looks at who can be read`;
  const each = (ms: number): string => `${(ms / one.frames / 2).toFixed(2)} ms`;
  say(
    `${first} looked at, ${later} the second time, lost ${losses}, ${each(one.ms)} a picture beside ${each(one.decoding_ms)} to take it from the decoder: ${one.name}`,
  );
};
for (const camera of [0, 2, 3]) {
  keep(await film(camera, []));
  keep(await film(camera, (traffic[camera] ?? []).slice(0, 2)));
  keep(await film(camera, traffic[camera] ?? []));
}
const real = join(process.env["GT_SAMPLES"] ?? "", "video/traffic-from-above.mp4"); // oxlint-disable-line node/no-process-env -- as tests do
if (existsSync(real)) {
  const file = join(folder, "real.h264");
  const how = ["-an", "-c:v", "libx264", "-bf", "0", "-g", "6", "-sc_threshold", "0", "-f", "h264", file];
  spawnSync("ffmpeg", ["-v", "error", "-y", "-i", real, ...how]);
  keep(await watch("a real street from above, always busy", file, 12.5, null));
}
await decoder.close();
rmSync(folder, { recursive: true, force: true });

const [lost, near] = [all.reduce((sum, one) => sum + one.lost, 0), all.reduce((sum, one) => sum + (one.near ?? 0), 0)];
say(`In all ${lost} of ${near} looks lost.`);
if (lost > near * MOST_LOST) process.exitCode = 1;
