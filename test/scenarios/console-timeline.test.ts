/** One camera's page in a real Chromium: live that does not lie, going back, gaps, clips. Host, agent and FFmpeg as a user has them. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { openBrowser, openPage, stumbles, type WatchedPage } from "#console/testing/browser.ts";
import type { SimulatedCamera } from "#demo/rtsp/camera.ts";
import type { Camera, City } from "#functions/cidades/contract.ts";
import type { Timeline } from "#functions/streaming/contract.ts";
import type { Permission } from "#lib/function/permissions.ts";
import { expectGood } from "#test/harness/shots.ts";
import { localCamera } from "#test/harness/local-camera.ts";
import {
  administrator,
  removeData,
  signIn,
  startSystem,
  until,
  type Api,
  type RunningSystem,
} from "#test/harness/system.ts";

const RECORDED_MS = 35_000;

let system: RunningSystem;
let simulated: SimulatedCamera;
let api: Api;
let camera: Camera;
let browser: Browser;
let watched: WatchedPage;
let page: Page;

beforeAll(async () => {
  const credentials = { username: "operador", password: "segredo" };
  simulated = await localCamera({ seconds: 12, fps: 15, group: 15, size: "640x360", credentials });
  system = await startSystem({ args: ["--no-demo"] });
  api = await signIn(system);
  const { body: cities } = await api<{ items: City[] }>("GET", "/api/cities");
  const url_rtsp = simulated.url.replace("rtsp://", "rtsp://operador:segredo@");
  const made = await api<Camera>("POST", "/api/cameras", {
    cidade_id: cities.items[0]?.id,
    nome: "Praça da Matriz",
    url_rtsp,
  });
  camera = made.body;
  browser = await openBrowser();
  watched = await openPage(browser, system.url);
  page = watched.page;
  await page.goto(`${system.url}/cameras/${camera.id}`);
  await page.getByLabel("E-mail").fill(administrator.email);
  await page.getByLabel("Senha", { exact: true }).fill(administrator.password);
  await page.keyboard.press("Enter");
  await recorded((spans) => lengthOf(spans) >= RECORDED_MS);
}, 300_000);
afterAll(async () => {
  await watched?.close();
  await browser?.close();
  await simulated?.close();
  await system?.stop();
  if (system) removeData(system);
}, 60_000);
afterEach(() => expect(watched.faults).toEqual([]));

type Span = { from: number; to: number };
const lengthOf = (spans: readonly Span[]): number => spans.reduce((sum, { from, to }) => sum + to - from, 0);

/** What the server says of the last hour, once it is as wanted. */
const recorded = (
  isEnough: (spans: Span[], gaps: Timeline["gaps"]) => boolean,
): Promise<{ spans: Span[]; gaps: Timeline["gaps"] }> =>
  until("the recording", 90_000, async () => {
    const [from, to] = [new Date(Date.now() - 3_600_000).toISOString(), new Date(Date.now() + 60_000).toISOString()];
    const { body } = await api<Timeline>("GET", `/api/timeline?camera_id=${camera.id}&from=${from}&to=${to}`);
    const spans = body.spans.map(({ starts_at, ends_at }) => ({
      from: Date.parse(starts_at),
      to: Date.parse(ends_at),
    }));
    return isEnough(spans, body.gaps) ? { spans, gaps: body.gaps } : undefined;
  });

/** A key frame may come a moment before the end that the agent reckoned. */
const endOf = (gap: Timeline["gaps"][number] | undefined): number =>
  gap?.ends_at ? Date.parse(gap.ends_at) - 1500 : Infinity;

const tile = (): Locator => page.getByTestId("tile");
const line = (): Locator => page.getByTestId("timeline");
const clock = async (): Promise<number> => Number(await page.getByTestId("picture-clock").getAttribute("data-ms"));
const isPlaying = (): Promise<void> => page.locator('[data-testid="recorded"][data-state="playing"]').waitFor();
const isLive = (): Promise<void> => page.locator('[data-testid="tile"][data-state="live"]').waitFor();

const looksGood = (name: string): Promise<void> => expectGood(page, name);

/** The picture on the glass in a few numbers. */
const picture = (): Promise<string> =>
  page.locator("video").evaluate((video: HTMLVideoElement) => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [64, 36];
    const context = canvas.getContext("2d");
    context?.drawImage(video, 0, 0, 64, 36);
    return String(context?.getImageData(0, 0, 64, 36).data);
  });
const pictureChanges = async (): Promise<void> => {
  const before = await picture();
  await until("another picture", 5000, async () => ((await picture()) === before ? undefined : true));
};

/** Where an instant lies on the line that is shown now. */
const pointOf = async (ms: number): Promise<{ x: number; y: number }> => {
  const box = await line().boundingBox();
  if (!box) throw new Error("no line");
  const [from, to] = [await line().getAttribute("data-from"), await line().getAttribute("data-to")].map(Number);
  return { x: box.x + (box.width * (ms - (from ?? 0))) / ((to ?? 0) - (from ?? 0)), y: box.y + box.height * 0.7 };
};

describe("the camera's page", { timeout: 180_000 }, () => {
  test("opens live, with a picture that changes and its true age", async () => {
    await isLive();
    await pictureChanges();
    await page.getByTestId("timeline-span").first().waitFor();
    expect(await line().getAttribute("aria-valuetext")).toMatch(/^\d\d:\d\d:\d\d, ao vivo$/);
    await looksGood("camera-live");
  });

  test("a click on the line plays what was recorded then, and the clock is that of the picture", async () => {
    const { spans } = await recorded(() => true);
    const wanted = (spans.at(-1)?.to ?? 0) - 20_000;
    await page.getByRole("button", { name: "Aproximar (+)" }).click();
    await page.getByRole("button", { name: "Aproximar (+)" }).click();
    const { x, y } = await pointOf(wanted);
    await page.mouse.click(x, y);
    await isPlaying();
    const first = await clock();
    const asked = Date.parse(new URL(page.url()).searchParams.get("at") ?? "");
    // One pixel of the line is a second or more: the instant under the pointer is what the address says.
    expect(Math.abs(asked - wanted)).toBeLessThan(3000);
    expect(first - asked).toBeGreaterThan(-1000);
    const before = await page.locator("video").evaluate((video: HTMLVideoElement) => video.currentTime);
    await pictureChanges();
    await until("playing on", 5000, async () => ((await clock()) > first + 1000 ? true : undefined));
    expect(await page.locator("video").evaluate((video: HTMLVideoElement) => video.currentTime)).toBeGreaterThan(
      before,
    );
    await looksGood("camera-recorded");
  });

  test("the first picture of an instant is that instant, to the second", async () => {
    await page.keyboard.press("KeyK");
    const { spans } = await recorded(() => true);
    const wanted = (spans.at(-1)?.to ?? 0) - 15_000;
    await page.goto(`${system.url}/cameras/${camera.id}?at=${new Date(wanted).toISOString()}`);
    await isPlaying();
    await page.keyboard.press("KeyK");
    await page.locator('[data-testid="recorded"][data-state="paused"]').waitFor();
    const shown = await clock();
    await page.keyboard.press("ArrowLeft");
    await until("ten seconds back", 5000, async () =>
      Math.abs((await clock()) - (shown - 10_000)) < 1000 ? true : undefined,
    );
    await page.keyboard.press("ArrowRight");
    await until("and forward", 5000, async () => (Math.abs((await clock()) - shown) < 1000 ? true : undefined));
    const { x, y } = await pointOf(shown - 5000);
    await page.mouse.click(x, y);
    await until("the picture of the instant that was clicked", 5000, async () => {
      const asked = Date.parse(new URL(page.url()).searchParams.get("at") ?? "");
      const isThere = Math.abs(asked - (shown - 5000)) < 2000 && Math.abs((await clock()) - asked) < 1000;
      return isThere ? true : undefined;
    });
    expect(await line().getAttribute("aria-valuetext")).toMatch(/, gravado$/);
  });

  test("a reload finds the instant again", async () => {
    const before = new URL(page.url()).searchParams;
    await page.reload();
    await isPlaying();
    expect(Math.abs((await clock()) - Date.parse(before.get("at") ?? ""))).toBeLessThan(5000);
    expect(new URL(page.url()).searchParams.get("day")).toBe(before.get("day"));
  });
});

describe("a gap", { timeout: 180_000 }, () => {
  test("is on the line with its cause, and playing goes over it and says so", async () => {
    await simulated.setFault("refuse");
    await until("the camera to be gone", 20_000, async () => {
      const { body } = await api<Camera>("GET", `/api/cameras/${camera.id}`);
      return body.status === "OFFLINE" ? true : undefined;
    });
    await page.keyboard.press("KeyN");
    await page.locator('[data-testid="tile"][data-state="offline"]').waitFor();
    await tile().getByText("a câmera recusou a conexão (porta fechada)").waitFor();
    await looksGood("camera-offline");
    await simulated.setFault("none");
    const { gaps } = await recorded((spans, told) => {
      const [hole] = told.filter(({ cause }) => cause === "camera");
      return spans.some(({ from }) => from >= endOf(hole));
    });
    const hole = gaps.find(({ cause }) => cause === "camera");
    await page.locator('[data-testid="timeline-gap"][data-cause="camera"]').first().waitFor({ state: "attached" });
    const before = Date.parse(hole?.starts_at ?? "") - 4000;
    await page.goto(`${system.url}/cameras/${camera.id}?at=${new Date(before).toISOString()}`);
    const notice = page.getByTestId("gap-notice");
    await notice.waitFor({ timeout: 40_000 });
    expect(await notice.innerText()).toMatch(/^Lacuna de \d+ s, das \d\d:\d\d:\d\d às \d\d:\d\d:\d\d: câmera$/);
    await until("a picture from after the gap", 10_000, async () =>
      (await clock()) >= endOf(hole) ? true : undefined,
    );
    await looksGood("camera-gap");
  });

  test("that is asked for is said, and what follows it is shown", async () => {
    const { gaps } = await recorded(() => true);
    const hole = gaps.find(({ cause }) => cause === "camera");
    const middle = (Date.parse(hole?.starts_at ?? "") + Date.parse(hole?.ends_at ?? "")) / 2;
    for (let closer = 0; closer < 4; closer += 1) await page.keyboard.press("+");
    const { x, y } = await pointOf(middle);
    await page.mouse.click(x, y);
    await page
      .getByTestId("gap-notice")
      .getByText(/: câmera$/)
      .waitFor();
    await until("a picture from after the gap", 10_000, async () =>
      (await clock()) >= endOf(hole) ? true : undefined,
    );
  });
});

describe("a clip", { timeout: 180_000 }, () => {
  test("over two segments, by keys alone: ready, downloaded, and its bytes are what the hash says", async () => {
    const { spans } = await recorded(() => true);
    const start = (spans[0]?.from ?? 0) + 5000;
    await page.goto(`${system.url}/cameras/${camera.id}?at=${new Date(start).toISOString()}`);
    await isPlaying();
    await page.keyboard.press("KeyK");
    await page.keyboard.press("KeyI");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    await until("twenty seconds on", 10_000, async () => ((await clock()) > start + 18_000 ? true : undefined));
    await page.keyboard.press("KeyO");
    await looksGood("camera-range");
    await page.keyboard.press("KeyX");
    await page.keyboard.press("Enter");
    const clip = page.locator('[data-testid="clip"][data-status="READY"]');
    await clip.waitFor({ timeout: 30_000 });
    const download = page.waitForEvent("download");
    await clip.getByRole("button", { name: "Baixar" }).focus();
    await page.keyboard.press("Enter");
    const bytes = readFileSync(await (await download).path());
    expect(createHash("sha256").update(bytes).digest("hex")).toBe(await clip.getByTestId("clip-sha256").innerText());
    expect(await clip.getByTestId("clip-asked").innerText()).toMatch(/ · (?:19|20|21) s$/);
    await looksGood("camera-clip");
  });

  test("stands among all clips with its picture, and leads back to its instant", async () => {
    await page.getByRole("link", { name: "Recortes" }).click();
    await page.getByRole("img", { name: /^Primeira imagem de / }).waitFor();
    await looksGood("clips");
    await page.getByRole("link", { name: "Ver na linha do tempo" }).click();
    await isPlaying();
  });
});

describe("live", { timeout: 180_000 }, () => {
  type Seen = { changes: { state: string; cause: string; age: number }[]; lies: string[] };
  /** Looks at the tile twenty times a second from inside the page, as somebody who stares at it would. */
  const stare = (): Promise<void> =>
    page.evaluate(() => {
      const seen: Seen = { changes: [], lies: [] };
      Object.assign(window, { seen });
      setInterval(() => {
        const shown = document.querySelector<HTMLElement>("[data-testid=tile]");
        if (!shown) return;
        const { state = "", cause = "", ageMs = "" } = shown.dataset;
        const word = shown.querySelector("[data-testid=tile-word]")?.textContent ?? "";
        if ((state === "live" || word === "AO VIVO") && Number(ageMs) > 2000)
          seen.lies.push(`${state} ${word} ${ageMs}`);
        const last = seen.changes.at(-1);
        if (last?.state !== state || last.cause !== cause) seen.changes.push({ state, cause, age: Number(ageMs) });
      }, 50);
    });
  const seen = (): Promise<Seen> => page.evaluate(() => (window as unknown as { seen: Seen }).seen);

  test("a camera that stands still is said to within three seconds, one that comes back is live again", async () => {
    await page.keyboard.press("KeyN");
    await isLive();
    await stare();
    await simulated.setFault("freeze");
    await page.locator('[data-testid="tile"][data-state="frozen"]').waitFor();
    await looksGood("camera-frozen");
    await simulated.setFault("none");
    await isLive();
    const { changes, lies } = await seen();
    expect(lies).toEqual([]);
    expect(changes.find(({ state }) => state === "frozen")?.age).toBeLessThan(3000);
  });

  test("a line that is cut, and a camera that stutters, never look live when they are not", async () => {
    await simulated.setFault("cut");
    await until("the line to be gone", 10_000, () => (simulated.viewers() === 0 ? true : undefined));
    await until("a new line", 10_000, () => (simulated.viewers() > 0 ? true : undefined));
    await isLive();
    const before = (await seen()).changes.length;
    await simulated.setFault("stutter");
    await until("a late picture", 15_000, async () =>
      (await seen()).changes.slice(before).some(({ state }) => state === "delayed") ? true : undefined,
    );
    await simulated.setFault("none");
    await isLive();
    expect((await seen()).lies).toEqual([]);
  });

  test("a server that is gone is one banner and covered tiles, and the page comes back by itself", async () => {
    const host = system.pids().find(({ name }) => name === "host");
    process.kill(host?.pid ?? 0, "SIGKILL");
    await page.getByTestId("link-lost").waitFor();
    expect(await page.getByTestId("link-lost").count()).toBe(1);
    await page.locator('[data-testid="tile"][data-cause="console"]').waitFor();
    await page.getByTestId("link-lost").waitFor({ state: "detached", timeout: 60_000 });
    await isLive();
    expect((await seen()).lies).toEqual([]);
    // The browser notes each attempt that met nobody.
    watched.faults.splice(
      0,
      watched.faults.length,
      ...watched.faults.filter((fault) => !/ERR_CONNECTION_REFUSED|WebSocket connection/.test(fault)),
    );
  });
});

describe("who may not", { timeout: 60_000 }, () => {
  const openAs = async (permissions: readonly Permission[]): Promise<WatchedPage> => {
    const email = `${permissions.length}-${permissions.at(-1)}@example.org`;
    const { password } = administrator;
    const role = await api<{ id: string }>("POST", "/api/roles", { name: email, permissions });
    const roles = [{ role_id: role.body.id, cidade_id: camera.cidade_id }];
    expect((await api("POST", "/api/users", { nome: "Operador de Teste", email, password, roles })).status).toBe(201);
    const opened = await openPage(browser, system.url);
    await opened.page.goto(`${system.url}/cameras/${camera.id}`);
    await opened.page.getByLabel("E-mail").fill(email);
    await opened.page.getByLabel("Senha", { exact: true }).fill(password);
    await opened.page.keyboard.press("Enter");
    return opened;
  };

  test("go back sees the live picture and no line", async () => {
    const opened = await openAs(["cameras.view", "live.view"]);
    await opened.page.locator('[data-testid="tile"][data-state="live"]').waitFor();
    expect(await opened.page.getByTestId("timeline").count()).toBe(0);
    expect(await stumbles(opened.page)).toEqual([]);
    expect(opened.faults).toEqual([]);
    await opened.close();
  });

  test("see live goes back only, and makes no clips", async () => {
    const opened = await openAs(["cameras.view", "recordings.view"]);
    await opened.page.getByText("Escolha um instante na linha do tempo.").waitFor();
    await opened.page.getByTestId("timeline").waitFor();
    expect(await opened.page.getByTestId("clip-form").count()).toBe(0);
    expect(await opened.page.getByTestId("tile").count()).toBe(0);
    expect(await stumbles(opened.page)).toEqual([]);
    expect(opened.faults).toEqual([]);
    await opened.close();
  });

  test("see either is told so", async () => {
    const opened = await openAs(["cameras.view"]);
    await opened.page.getByText("Seu papel não permite ver esta página").waitFor();
    expect(opened.faults).toEqual([]);
    await opened.close();
  });
});
