import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { openBrowser, openPage, type WatchedPage } from "#console/testing/browser.ts";
import { readDrawnPlate } from "#demo/drawing/read-plate.ts";
import type { PlateRead } from "#functions/ai/contract.ts";
import { demoCity, readsFrameCodes, shownIn, trueAge, type DemoCity } from "#test/harness/demo-city.ts";
import { framesRead, isReadAsDrawn, passedBetween, readsNear, readsSince } from "#test/harness/passages.ts";
import {
  administrator,
  removeData,
  signIn,
  startSystem,
  until,
  type Api,
  type RunningSystem,
} from "#test/harness/system.ts";

/** What was promised. */
const [LIVE_MS, STATED_WITHIN_MS, FROZEN_WITHIN_MS] = [1000, 300, 3000];
const WATCHED_SECONDS = 30;
/** A look at a page that the machine itself held up says nothing about the page. */
const STALLED_MS = 120;
const FEWEST_LOOKS = 50;
const PASSAGES = 20;
const SETTLED_MS = 8000;
/** Of twenty: mostly all are read; a machine that draws the pages of a browser too may drop frames. */
const UNREAD_AT_MOST = 3;
/** Of what is believed without review; plates that are read from far away make most of it. */
const WRONG_AT_MOST = 0.05;
/** Who passed before a camera was on the air was seen by nobody. */
const FIRST_FRAMES_MS = 10_000;

let system: RunningSystem;
let city: DemoCity;
let browser: Browser;
let watched: WatchedPage;
let page: Page;
let api: Api;
let began: number;

beforeAll(async () => {
  system = await startSystem();
  city = await demoCity(system);
  began = Date.now();
  browser = await openBrowser();
  watched = await openPage(browser, system.url);
  ({ page } = watched);
  await readsFrameCodes(page);
});
afterAll(async () => {
  await watched?.close();
  await browser?.close();
  await system?.stop();
  if (system) removeData(system);
});
afterEach(() => expect(watched.faults).toEqual([]));

const tileOf = (camera_id: string): string => `[data-testid=tile][data-camera-id="${camera_id}"]`;
const first = (): DemoCity["cameras"][number] => city.cameras[0]!;

describe("the first minute of somebody who owns no camera", () => {
  test("the printed link makes the administrator, and signs in", async () => {
    await page.goto(system.link() ?? "");
    await page.locator('input[name="nome"]').fill(administrator.nome);
    await page.locator('input[name="email"]').fill(administrator.email);
    await page.locator('input[name="password"]').fill(administrator.password);
    await page.locator('input[name="repeated"]').fill(administrator.password);
    await page.locator('[data-testid="first-access"] button[type=submit]').click();
    await page.locator("[data-testid=tile]").first().waitFor();
    expect(await page.locator("[data-testid=tile]").count()).toBe(city.cameras.length);
    api = await signIn({ ...system, link: () => null });
  });

  test("every tile comes to be live, with the picture of its own camera", { timeout: 90_000 }, async () => {
    for (const { camera_id } of city.cameras) {
      await page.locator(`${tileOf(camera_id)}[data-state=live]`).waitFor({ timeout: 60_000 });
    }
    const shown = await Promise.all(city.cameras.map(({ camera_id }) => shownIn(page, tileOf(camera_id))));
    expect(new Set(shown.map(({ code }) => code?.camera)).size).toBe(city.cameras.length);
    await keepPicture("wall");
  });

  test(
    "a live tile's picture advances, is younger than a second, and the tile says how young",
    { timeout: 240_000 },
    async () => {
      const { camera_id } = first();
      const frames = new Set<number>();
      const faults: string[] = [];
      const ages: number[] = [];
      const watched_until = Date.now() + WATCHED_SECONDS * 1000;
      while (Date.now() < watched_until || ages.length < FEWEST_LOOKS) {
        const shown = await shownIn(page, tileOf(camera_id));
        if (!shown.code || shown.stalled_ms > STALLED_MS) continue;
        const age = await trueAge(city, camera_id, shown);
        frames.add(shown.code.frame);
        ages.push(age);
        if (shown.state === "live" && age > LIVE_MS + STATED_WITHIN_MS) faults.push(`live at a true age of ${age} ms`);
        if (shown.age_ms === null || Math.abs(shown.age_ms - age) > STATED_WITHIN_MS)
          faults.push(`says ${shown.age_ms} ms, is ${age} ms`);
      }
      ages.sort((a, b) => a - b);
      const part = (share: number): number => Math.round(ages[Math.floor((ages.length - 1) * share)] ?? 0);
      console.log(
        `true age on the glass: p50 ${part(0.5)} ms, p95 ${part(0.95)} ms, most ${part(1)} ms; ${ages.length} looks`,
      );
      expect(faults).toEqual([]);
      expect(frames.size).toBeGreaterThan(20);
      expect(part(0.95)).toBeLessThanOrEqual(LIVE_MS);
    },
  );

  test("the timeline plays what was recorded, at the time it says", { timeout: 120_000 }, async () => {
    const { camera_id } = city.cameras[1]!;
    const spans = await until("a recorded span of 12 s", 60_000, async () => {
      const to = new Date().toISOString();
      const from = new Date(Date.now() - 3_600_000).toISOString();
      const { body } = await api<{ spans: { starts_at: string; ends_at: string }[] }>(
        "GET",
        `/api/timeline?camera_id=${camera_id}&from=${from}&to=${to}`,
      );
      return body.spans?.filter((span) => Date.parse(span.ends_at) - Date.parse(span.starts_at) > 12_000)[0];
    });
    const at = new Date(Date.parse(spans.ends_at) - 10_000).toISOString();
    await page.goto(`${system.url}/cameras/${camera_id}?at=${at}`);
    const shown = await until("a recorded picture", 30_000, async () => {
      const looked = await shownIn(page, "[data-testid=recorded]");
      return looked.code ? looked : undefined;
    });
    const sent = await city.sent(camera_id, shown.code?.frame ?? -1);
    const nearest = Math.min(...sent.map(({ at_ms }) => Math.abs(at_ms - Date.parse(at))));
    // It plays on from there while it is looked at; the frame of that instant was sent at that instant.
    expect(nearest).toBeLessThan(6000);
    const later = await until("the next picture", 20_000, async () => {
      const looked = await shownIn(page, "[data-testid=recorded]");
      return looked.code && looked.code.frame !== shown.code?.frame ? looked : undefined;
    });
    expect(later.code?.camera).toBe(shown.code?.camera);
  });

  test(
    "twenty passages in a row carry their own plate in their own picture, at their own time",
    { timeout: 240_000 },
    async () => {
      const reads = await until(`${PASSAGES} passages`, 200_000, async () => {
        const items = await readsSince(api, began);
        // What the cameras posted themselves; their pictures are read too. Posts overtake each other: what has just passed may
        // still be on its way.
        const settled = items.filter(
          ({ source, captured_at }) => source === "camera" && Date.parse(captured_at) < Date.now() - SETTLED_MS,
        );
        const oldestFirst = settled.toReversed();
        return oldestFirst.length >= PASSAGES ? oldestFirst.slice(-PASSAGES) : undefined;
      });
      const { inOrder } = city.passages;
      const begins = inOrder.findIndex(({ plate }) => plate === reads[0]?.plate);
      expect(begins).toBeGreaterThanOrEqual(0);
      const expected = reads.map((_, index) => inOrder[(begins + index) % inOrder.length]!);
      expect(reads.map(({ plate }) => plate)).toEqual(expected.map(({ plate }) => plate));
      for (const [index, read] of reads.entries()) {
        expect(await drawnIn(read)).toBe(read.plate);
        const sent = await city.sent(read.camera_id, expected[index]!.frame);
        const apart = Math.min(...sent.map(({ at_ms }) => Math.abs(at_ms - Date.parse(read.captured_at))));
        expect(apart).toBeLessThan(100);
      }
    },
  );

  test(
    "of twenty in a row at least seventeen are read from key frames as they were drawn, with a plate camera or without",
    { timeout: 240_000 },
    async () => {
      const looked = await until(`${PASSAGES} passages before the cameras`, 200_000, async () => {
        const passed = await passedBetween(city, began + FIRST_FRAMES_MS, Date.now() - SETTLED_MS);
        return passed.length >= PASSAGES ? passed.slice(-PASSAGES) : undefined;
      });
      const reads = await framesRead(api, began);
      const unread = looked
        .filter((passed) => !isReadAsDrawn(reads, passed))
        .map((passed) => ({
          plate: passed.plate,
          instead: readsNear(reads, passed).map(({ plate, confidence }) => `${plate} ${confidence}`),
        }));
      const believed = reads.filter(({ needs_review, plate }) => !needs_review && plate !== null);
      const invented = believed.filter(({ plate }) => !city.every.has(plate ?? ""));
      console.log(`from frames: ${reads.length} reads, ${believed.length} believed, ${invented.length} of them wrong`);
      console.log(`not read as drawn: ${JSON.stringify(unread)}`);
      expect(unread.length).toBeLessThanOrEqual(UNREAD_AT_MOST);
      expect(invented.length, invented.map(({ plate }) => plate).join()).toBeLessThanOrEqual(
        believed.length * WRONG_AT_MOST,
      );
      expect(new Set(looked.map(({ layout }) => layout))).toEqual(new Set(["old", "mercosul"]));
      expect(new Set(looked.map(({ rows }) => rows))).toEqual(new Set([1, 2]));
      expect(new Set(looked.map(({ camera_id }) => camera_id)).size).toBe(city.cameras.length);
    },
  );

  test("the listed plate raises its alert, and no other does", { timeout: 90_000 }, async () => {
    const cidade_id = await cityOf(api);
    const watchedPlates = city.passages.watched.map(({ plate }) => plate);
    const alerts = await until("an alert", 60_000, async () => {
      const { body } = await api<{ items: { plate: string }[] }>("GET", `/api/alerts?cidade_id=${cidade_id}`);
      return body.items.length > 0 ? body.items : undefined;
    });
    expect(new Set(alerts.map(({ plate }) => plate))).toEqual(new Set(watchedPlates));
    await page.goto(`${system.url}/alerts`);
    await page.locator("[data-testid=alert-row]").first().waitFor();
    await keepPicture("alerts");
  });

  // Last: who is frozen sees nobody pass, and twenty in a row would not be twenty.
  test("a frozen camera is shown as such within 3 s, and live again when it is", { timeout: 90_000 }, async () => {
    const { camera_id } = first();
    await page.goto(system.url);
    await page.locator(`${tileOf(camera_id)}[data-state=live]`).waitFor({ timeout: 40_000 });
    await city.setFault(camera_id, "freeze");
    const frozen_at = Date.now();
    await page.locator(`${tileOf(camera_id)}[data-state=frozen]`).waitFor({ timeout: 20_000 });
    expect(Date.now() - frozen_at).toBeLessThanOrEqual(FROZEN_WITHIN_MS + STATED_WITHIN_MS);
    await city.setFault(camera_id, "none");
    await page.locator(`${tileOf(camera_id)}[data-state=live]`).waitFor({ timeout: 40_000 });
  });
});

const cityOf = async (ask: Api): Promise<string> =>
  (await ask<{ items: { id: string }[] }>("GET", "/api/cities")).body.items[0]?.id ?? "";

const drawnIn = async ({ plate_image_url }: PlateRead): Promise<string | null> => {
  const picture = await fetch(new URL(plate_image_url ?? "", system.url));
  return readDrawnPlate(new Uint8Array(await picture.arrayBuffer()));
};

/** `GT_SHOTS=folder` keeps pictures; the README's are made so. */
const keepPicture = async (name: string): Promise<void> => {
  const folder = process.env["GT_SHOTS"];
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
};
