/** What the demonstration city really does: asked of its control, to hold what the console says against it. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import type { Page } from "playwright-core";
import { passagesOf, prepareCity, type DrawnVehicle } from "#demo/city.ts";
import type { Fault } from "#demo/rtsp/faults.ts";
import type { Sent } from "#demo/rtsp/sending.ts";
import type { FrameCode } from "#demo/drawing/frame-code.ts";
import { planTraffic } from "#demo/traffic.ts";
import { until, type RunningSystem } from "./system.ts";

/** What `npm start` shows unless told otherwise. */
const USUAL_CAMERAS = 4;

export type ShownPicture = {
  /** Read from the pixels on the glass; null when they show no code. */
  code: FrameCode | null;
  /** This machine's clock at the moment of reading, ms. */
  at_ms: number;
  state: string;
  /** What the tile itself says. */
  age_ms: number | null;
  /** The longest that the page's own clockwork has stood still in the last second: a busy machine, not the product. */
  stalled_ms: number;
};

export type DemoCity = {
  cameras: { name: string; camera_id: string; fps: number; frames: number }[];
  /** Of one loop, in order. */
  passages: Pick<Awaited<ReturnType<typeof passages>>, "inOrder" | "watched">;
  /** Of one loop and all cameras: on whom cameras are trained, posted or not. */
  drawn: Drawn[];
  /** Every plate that is on any street. */
  every: ReadonlySet<string>;
  /** Instants at which this picture left the camera, of the last loops. */
  sent(camera_id: string, frame: number): Promise<Sent[]>;
  setFault(camera_id: string, fault: Fault): Promise<void>;
};

/** `index`: of the camera in `cameras`. */
export type Drawn = DrawnVehicle & { index: number };

export const demoCity = async (
  system: Pick<RunningSystem, "data">,
  cameras_shown = USUAL_CAMERAS,
): Promise<DemoCity> => {
  const file = join(system.data, "run", "demo-control.json");
  await until("the city's control", 30_000, () => (existsSync(file) ? true : undefined));
  const { url } = JSON.parse(readFileSync(file, "utf8")) as { url: string };
  const ask = async <T>(path: string, init?: RequestInit): Promise<T> =>
    (await (await fetch(`${url}${path}`, init)).json()) as T;
  const listed = await until("the city on the air", 30_000, async () => {
    const { cameras } = await ask<{ cameras: DemoCity["cameras"] }>("/cameras");
    return cameras.length === cameras_shown ? cameras : undefined;
  });
  const { inOrder, watched, drawn, every } = await passages(system.data, cameras_shown);
  return {
    cameras: listed,
    passages: { inOrder, watched },
    drawn,
    every,
    sent: async (camera_id, frame) => (await ask<{ sent: Sent[] }>(`/cameras/${camera_id}/sent?frame=${frame}`)).sent,
    async setFault(camera_id, fault) {
      await ask(`/cameras/${camera_id}/fault`, { method: "PUT", body: JSON.stringify({ fault }) });
    },
  };
};

/** The city was drawn by the start: this reads what is there. */
const passages = async (data: string, cameras: number) => {
  const { seed } = JSON.parse(readFileSync(join(data, "installation.json"), "utf8")) as { seed: string };
  const city = await prepareCity({ dataDir: join(data, "demo"), seed, cameras, onProgress: () => undefined });
  const trained = new Set(
    planTraffic(seed).flatMap((trips) => trips.flatMap(({ read, plate }) => (read ? [plate] : []))),
  );
  const drawn = city.cameras.flatMap(({ vehicles }, index) =>
    vehicles.flatMap((one) => (trained.has(one.plate) ? [{ ...one, index }] : [])),
  );
  const every = new Set(city.cameras.flatMap(({ vehicles }) => vehicles.map(({ plate }) => plate)));
  return { inOrder: passagesOf(city), watched: city.watched, drawn, every };
};

/** Brings the reading of frame codes into the page, ahead of its own scripts. */
export const readsFrameCodes = async (page: Page): Promise<void> => {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, "../../demo/drawing/frame-code.ts")],
    bundle: true,
    write: false,
    format: "iife",
    globalName: "frameCodes",
    logLevel: "silent",
  });
  // A page's own `var` would be gone with the function around it.
  await page.addInitScript(`${outputFiles[0]?.text ?? ""}\nwindow.frameCodes = frameCodes;`);
  await page.addInitScript(() => {
    const beats: number[] = [];
    Object.assign(window, { beats });
    setInterval(() => beats.splice(0, Math.max(0, beats.push(performance.now()) - 40)), 25);
  });
};

/** Of the video in an element, and what the element says of it at the same moment. */
export const shownIn = (page: Page, selector: string): Promise<ShownPicture> =>
  page.evaluate((where) => {
    const box = document.querySelector<HTMLElement>(where);
    const video = box?.querySelector("video");
    const { frameCodes: codes, beats } = window as unknown as {
      frameCodes: { readFrameCode(pixels: ImageData): FrameCode | null };
      beats: number[];
    };
    const times = [...beats, performance.now()];
    const stalled_ms = Math.max(...times.slice(1).map((time, index) => time - (times[index] ?? time)));
    let code: FrameCode | null = null;
    if (video && video.videoWidth > 0) {
      const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
      const context = canvas.getContext("2d", { willReadFrequently: true });
      context?.drawImage(video, 0, 0);
      const pixels = context?.getImageData(0, 0, canvas.width, canvas.height);
      if (pixels) code = codes.readFrameCode(pixels);
    }
    const age = box?.dataset["ageMs"] ?? "";
    return {
      code,
      at_ms: Date.now(),
      state: box?.dataset["state"] ?? "",
      age_ms: age === "" ? null : Number(age),
      stalled_ms,
    };
  }, selector);

/** How old the picture on the glass truly is: from when that frame was sent to when it was looked at. */
export const trueAge = async (city: DemoCity, camera_id: string, { code, at_ms }: ShownPicture): Promise<number> => {
  if (!code) throw new Error("no frame code on the glass");
  const before = (await city.sent(camera_id, code.frame)).filter((sent) => sent.at_ms <= at_ms);
  return at_ms - Math.max(...before.map((sent) => sent.at_ms));
};
