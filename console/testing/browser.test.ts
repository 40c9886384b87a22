import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openBrowser, openPage, stumbles, type WatchedPage } from "./browser.ts";

let browser: Browser;
let watched: WatchedPage;
beforeAll(async () => {
  browser = await openBrowser();
  watched = await openPage(browser, "about:");
}, 60_000);
afterAll(async () => {
  await watched?.close();
  await browser?.close();
});

const shown = (inside: string): Promise<void> =>
  watched.page.setContent(`<html lang="pt-BR"><title>Uma página</title><main><h1>Título</h1>${inside}</main></html>`);

test("what somebody would stumble over is told, and nothing of a page that is well", async () => {
  await shown("<p>Tudo bem</p>");
  expect(await stumbles(watched.page)).toEqual([]);
  await shown('<input><p style="color: #999; background: #aaa">Quase nada</p>');
  expect((await stumbles(watched.page)).map((told) => told.split(":")[0])).toEqual(["color-contrast", "label"]);
});

test("a page with a frame in it is refused: what the frame shows would not be looked at as a whole", async () => {
  await shown('<iframe title="outra" srcdoc="<p>dentro</p>"></iframe>');
  await expect(stumbles(watched.page)).rejects.toThrow("frames");
});
