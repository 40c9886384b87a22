/** What a page looks like: kept as a picture, and by whom it would be stumbled over. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { stumbles } from "#console/testing/browser.ts";

/** `GT_SHOTS=folder` keeps a picture of it. Nobody may stumble over it. */
export const expectGood = async (page: Page, name: string): Promise<void> => {
  const folder = process.env["GT_SHOTS"];
  if (folder) {
    mkdirSync(folder, { recursive: true });
    await page.screenshot({ path: join(folder, `${name}.png`) });
  }
  const found = await stumbles(page);
  if (found.length > 0) throw new Error(`${name}: ${found.join("; ")}`);
};
