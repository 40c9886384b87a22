/** Plates read from frames, in a real Chromium: what is doubtful is looked at, character by character, and corrected. */
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { expectGood } from "#test/harness/shots.ts";
import { seeingConsole, type SeeingConsole } from "#test/harness/seeing-console.ts";
import { plate, type Shown } from "#test/harness/sight.ts";
import { administrator } from "#test/harness/system.ts";

let watched: SeeingConsole;
let page: Page;

beforeAll(async () => {
  watched = await seeingConsole();
  page = watched.page;
});
afterAll(() => watched?.close());
afterEach(() => expect(watched.faults).toEqual([]));

const show = async (seconds_ago: number, ...shown: Shown[]): Promise<void> => {
  const captured_at = new Date(Date.now() - seconds_ago * 1000);
  await watched.show(captured_at, ...shown);
};

const looksGood = (name: string): Promise<void> => expectGood(page, name);

const doubtful = plate("ABC1O23", {
  confidence: 0.62,
  doubts: { 4: { O: 0.61, D: 0.3, Q: 0.05 }, 6: { 3: 0.8, 8: 0.19 } },
});

describe("a doubtful read", { timeout: 90_000 }, () => {
  test("is among those to review, and nothing else is", async () => {
    await page.goto(`${watched.served.url}/plates`);
    await page.getByLabel("E-mail").fill(administrator.email);
    await page.getByLabel("Senha", { exact: true }).fill(administrator.password);
    await page.keyboard.press("Enter");
    await page.getByText("Nenhuma placa lida ainda").waitFor();
    await page.getByText("Só as que estão para revisar").click();
    await page.getByText("Nada para revisar").waitFor();
    await looksGood("review-empty");
    await show(120, plate("XYZ9K87"));
    await show(60, doubtful);
    const posted = { plate: "ABC1D23", confidence: 0.71, detected_at: new Date(Date.now() - 58_000).toISOString() };
    expect((await watched.camera.post("/api/lpr/events", posted)).status).toBe(202);
    await page.locator('[data-plate="ABC1O23"]').waitFor();
    expect(new URL(page.url()).searchParams.get("review")).toBe("yes");
    expect(await page.locator('[data-plate="XYZ9K87"]').count()).toBe(0);
    await page.locator('[data-plate="ABC1O23"]').getByText("Para revisar · 62 % de confiança").waitFor();
    await looksGood("review");
  });

  test("opens with its characters, each with its alternatives, and with the other source of its passage", async () => {
    await page.locator('[data-plate="ABC1O23"] a').click();
    const details = page.getByTestId("read-details");
    const table = details.getByRole("table", { name: "Caractere por caractere" });
    await table.waitFor();
    const said = async (rank: number): Promise<string[]> => {
      const cells = await table.getByRole("row").nth(rank).getByRole("cell").allInnerTexts();
      return cells.map((text) => text.replaceAll(/\s+/g, " ").trim());
    };
    const [likeliest, second] = [await said(1), await said(2)];
    expect(likeliest.map(([character]) => character).join("")).toBe("ABC1O23");
    expect([likeliest[4], likeliest[6]]).toEqual([
      expect.stringMatching(/^O 6\d %$/),
      expect.stringMatching(/^3 8\d %$/),
    ]);
    expect([second[4], second[6]]).toEqual([expect.stringMatching(/^D 3\d %$/), expect.stringMatching(/^8 \d\d %$/)]);
    expect((await said(3))[4]).toMatch(/^Q \d %$/);
    for (const kind of ["scene", "plate"]) {
      const picture = details.locator(`img.picture-${kind}`);
      await expect.poll(() => picture.evaluate((shown: HTMLImageElement) => shown.naturalWidth)).toBeGreaterThan(0);
    }
    expect(await table.getByRole("columnheader").count()).toBe(7);
    const sources = details.getByTestId("sources");
    await sources.getByText("Leitura da imagem (esta leitura)").waitFor();
    await sources.getByRole("link", { name: "Leitura da câmera: ABC1D23" }).waitFor();
    await looksGood("read-of-frame");
  });

  test("is corrected by keyboard, with a reason, and waits no more", async () => {
    const form = page.getByTestId("correct-plate");
    await form.getByLabel("Placa").focus();
    await page.keyboard.press("Control+A");
    await page.keyboard.type("A");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.type("o quinto é um D");
    await page.keyboard.press("Enter");
    // The browser itself holds back what is too short.
    expect(await form.getByLabel("Placa").evaluate((input: HTMLInputElement) => input.validity.valid)).toBe(false);
    await form.getByLabel("Placa").fill("!!??");
    await page.keyboard.press("Enter");
    await form.getByText("Uma placa tem de 2 a 8 letras e números.").first().waitFor();
    await looksGood("correction-refused");
    await form.getByLabel("Placa").fill("ABC1D23");
    await page.keyboard.press("Enter");
    await form.getByText("Gravado: ABC1D23").waitFor();
    const details = page.getByTestId("read-details");
    await details.getByText("lida como ABC1O23").waitFor();
    await details.getByTestId("corrections").getByText("ABC1D23 · o quinto é um D").waitFor();
    await looksGood("corrected");
    await page.keyboard.press("Escape");
    await page.getByText("Nada para revisar").waitFor();
  });

  test("says the same in English", async () => {
    await page.getByText("Só as que estão para revisar").click();
    await page.getByRole("button", { name: /English/ }).click();
    await page.locator('[data-plate="ABC1D23"]').first().waitFor();
    await page.getByText("Corrected").first().waitFor();
    await looksGood("corrected-english");
  });

  test("cannot be corrected by who may only look", async () => {
    const viewer = await watched.served.as(["plates.view"], [watched.cidade_id]);
    const [read] = (await viewer.get(`/api/plates?cidade_id=${watched.cidade_id}`)).body.items;
    expect((await viewer.post(`/api/plates/${read.id}/corrections`, { plate: null, reason: "não sei" })).status).toBe(
      403,
    );
  });
});
