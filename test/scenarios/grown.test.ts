/** The same program on RabbitMQ, Redis, an S3 and PostgreSQL behind PgBouncer: nothing but addresses is different. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openBrowser, openPage, type WatchedPage } from "#console/testing/browser.ts";
import type { Alert, PlateRead } from "#functions/ai/contract.ts";
import type { City } from "#functions/cidades/contract.ts";
import type { Clip, Timeline } from "#functions/streaming/contract.ts";
import { demoCity, readsFrameCodes, shownIn, type DemoCity } from "#test/harness/demo-city.ts";
import { grownTitle } from "#test/harness/grown-servers.ts";
import { startGrownSystem, type GrownSystem } from "#test/harness/grown-system.ts";
import { administrator, signIn, until, type Api } from "#test/harness/system.ts";

/** One is looked at, and another is beside it. */
const CAMERAS = 2;

let system: GrownSystem;
let city: DemoCity;
let api: Api;
let browser: Browser;
let watched: WatchedPage;

const begin = async (): Promise<void> => {
  system = await startGrownSystem({ args: ["--demo-cameras", String(CAMERAS)] });
  city = await demoCity(system, CAMERAS);
  api = await signIn(system);
  browser = await openBrowser();
  watched = await openPage(browser, system.url);
  await readsFrameCodes(watched.page);
};
const end = async (): Promise<void> => {
  await watched?.close();
  await browser?.close();
  await system?.end();
};

const camera = (): DemoCity["cameras"][number] => city.cameras[0]!;
const cidadeId = async (): Promise<string> =>
  (await api<{ items: City[] }>("GET", "/api/cities")).body.items[0]?.id ?? "";

/** Bytes by an address that says who may read them, from the S3 itself. */
const fetched = async (url: string | null | undefined): Promise<Buffer> => {
  expect(new URL(url ?? "").port).toBe(String(system.servers.lines.objects.port));
  const answer = await fetch(url ?? "");
  expect(answer.status).toBe(200);
  return Buffer.from(await answer.arrayBuffer());
};

const grown = await grownTitle("a grown system, from the camera to the alert");

describe.skipIf(grown.isMissing)(grown.title, () => {
  beforeAll(begin, 300_000);
  afterAll(end, 120_000);

  test("runs on the servers that were named, and starts none of its own", () => {
    expect(system.pids().filter(({ name }) => name.startsWith("postgres"))).toEqual([]);
    expect(system.output()).toContain("RabbitMQ: ");
  });

  test(
    "a passage is read, its pictures come from the S3, and the watched one alerts",
    { timeout: 180_000 },
    async () => {
      const cidade_id = await cidadeId();
      const read = await until("a read with its picture", 90_000, async () => {
        const { body } = await api<{ items: PlateRead[] }>("GET", `/api/plates?cidade_id=${cidade_id}`);
        return body.items?.find(({ image_url }) => image_url !== null);
      });
      const picture = await fetched(read.image_url);
      expect(picture.subarray(0, 2)).toEqual(Buffer.from([0xff, 0xd8]));
      const alert = await until("the alert", 120_000, async () => {
        const { body } = await api<{ items: Alert[] }>("GET", `/api/alerts?cidade_id=${cidade_id}`);
        return body.items?.[0];
      });
      expect(city.passages.watched.map(({ plate }) => plate)).toContain(alert.plate);
    },
  );

  test("a camera is recorded into the S3, and a clip of it is cut from there", { timeout: 180_000 }, async () => {
    const { camera_id } = camera();
    const span = await until("a recorded span of 15 s", 90_000, async () => {
      const [from, to] = [new Date(Date.now() - 3_600_000).toISOString(), new Date().toISOString()];
      const path = `/api/timeline?camera_id=${camera_id}&from=${from}&to=${to}`;
      const { body } = await api<Timeline>("GET", path);
      return body.spans?.find(({ starts_at, ends_at }) => Date.parse(ends_at) - Date.parse(starts_at) > 15_000);
    });
    const start_time = new Date(Date.parse(span.starts_at) + 6000).toISOString();
    const end_time = new Date(Date.parse(span.starts_at) + 13_000).toISOString();
    const { body: asked } = await api<Clip>("POST", "/api/clips", { camera_id, start_time, end_time });
    await until("the clip", 60_000, async () => {
      const { body } = await api<Clip>("GET", `/api/clips/${asked.id}`);
      expect(body.status).not.toBe("FAILED");
      return body.status === "READY" ? body : undefined;
    });
    const { body: link } = await api<{ url: string; bytes: number }>("POST", `/api/clips/${asked.id}/download`);
    expect((await fetched(link.url)).byteLength).toBe(link.bytes);
  });

  test("in a browser a tile is live and the timeline plays, from the S3", { timeout: 120_000 }, async () => {
    const { page } = watched;
    await signInAt(page);
    const { camera_id } = camera();
    await page.locator(`[data-testid=tile][data-camera-id="${camera_id}"][data-state=live]`).waitFor();
    const at = new Date(Date.now() - 25_000).toISOString();
    await page.goto(`${system.url}/cameras/${camera_id}?at=${at}`);
    const first = await until("a recorded picture", 30_000, async () => {
      const looked = await shownIn(page, "[data-testid=recorded]");
      return looked.code ?? undefined;
    });
    const next = await until("the next picture", 20_000, async () => {
      const looked = await shownIn(page, "[data-testid=recorded]");
      return looked.code && looked.code.frame !== first.frame ? looked.code : undefined;
    });
    expect(next.camera).toBe(first.camera);
    // A page of one machine asks nobody else: here it plays what lies in the S3, and asks nobody but it.
    const fromObjects = `elsewhere: http://127.0.0.1:${system.servers.lines.objects.port}/`;
    expect(watched.faults.length).toBeGreaterThan(0);
    expect(watched.faults.filter((fault) => !fault.startsWith(fromObjects))).toEqual([]);
  });
});

const signInAt = async (page: WatchedPage["page"]): Promise<void> => {
  await page.goto(system.url);
  await page.getByLabel("E-mail").fill(administrator.email);
  await page.getByLabel("Senha", { exact: true }).fill(administrator.password);
  await page.keyboard.press("Enter");
  await page.locator("[data-testid=tile]").first().waitFor();
};
