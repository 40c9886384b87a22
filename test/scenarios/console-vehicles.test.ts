/** Vehicles per hour in a real Chromium: none, then those that passed, and what one of them was. */
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { expectGood } from "#test/harness/shots.ts";
import { seeingConsole, type SeeingConsole } from "#test/harness/seeing-console.ts";
import { plate } from "#test/harness/sight.ts";
import { administrator } from "#test/harness/system.ts";

let watched: SeeingConsole;
let page: Page;

beforeAll(async () => {
  watched = await seeingConsole();
  page = watched.page;
});
afterAll(() => watched?.close());
afterEach(() => expect(watched.faults).toEqual([]));

const looksGood = (name: string): Promise<void> => expectGood(page, name);

/** Two hours ago, early in the hour. */
const HOUR = 3_600_000;
const start = Math.floor(Date.now() / HOUR) * HOUR - 2 * HOUR + 300_000;
const pass = async (minutes: number, text: string, type: "car" | "motorcycle" | null): Promise<void> => {
  const color = type === "car" ? ("red" as const) : null;
  const shown = plate(text, { vehicle: { type, color, width_m: null } });
  const captured_at = new Date(start + minutes * 60_000);
  await watched.show(captured_at, shown);
};

describe("vehicles per hour", { timeout: 90_000 }, () => {
  test("are none where nobody passed", async () => {
    await page.goto(`${watched.served.url}/plates?tab=vehicles`);
    await page.getByLabel("E-mail").fill(administrator.email);
    await page.getByLabel("Senha", { exact: true }).fill(administrator.password);
    await page.keyboard.press("Enter");
    await page.getByText("Nenhum veículo nas últimas 24 horas").waitFor();
    await looksGood("vehicles-none");
  });

  test("are counted by hour and type, the latest hour first, of all cameras or of one", async () => {
    for (const [minutes, text, type] of [
      [0, "ABC1D23", "car"],
      [10, "XYZ9K87", "car"],
      [20, "QWE4R56", "motorcycle"],
      [70, "RTY7U89", null],
    ] as const)
      await pass(minutes, text, type);
    await page.reload();
    const rows = page.getByTestId("vehicle-hour");
    await rows.nth(1).waitFor();
    expect(await rows.nth(0).getByRole("cell").allInnerTexts()).toEqual(["1", "0", "0", "0", "0", "1"]);
    expect(await rows.nth(1).getByRole("cell").allInnerTexts()).toEqual(["3", "2", "1", "0", "0", "0"]);
    await looksGood("vehicles");
    await page.goto(`${watched.served.url}/plates?tab=vehicles&camera=${watched.camera.id}`);
    await rows.nth(1).waitFor();
  });

  test("and a read says what its vehicle was, and how sure that is", async () => {
    await page.goto(`${watched.served.url}/plates`);
    await page.locator('[data-plate="ABC1D23"]').click();
    const details = page.getByTestId("read-details");
    await details.getByText("carro (95 %), vermelho (90 %)").waitFor();
    await looksGood("vehicle-of-a-read");
  });
});
