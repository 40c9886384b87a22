/** A console in a browser, with one camera whose frames show what a test says: the networks are stood in for, all else is real. */
import type { Browser } from "playwright-core";
import { openBrowser, openPage, type WatchedPage } from "#console/testing/browser.ts";
import { drawScene } from "#console/testing/scenes.ts";
import { servedConsole, type ServedConsole } from "#test/harness/console.ts";
import type { TestClient } from "#test/harness/host.ts";
import { frameOf, seeing, type Shown } from "#test/harness/sight.ts";

export type SeeingConsole = WatchedPage & {
  served: ServedConsole;
  browser: Browser;
  camera: TestClient;
  cidade_id: string;
  /** A frame of the camera is looked at. */
  show(captured_at: Date, ...shown: Shown[]): Promise<void>;
};

export const seeingConsole = async (): Promise<SeeingConsole> => {
  const sight = seeing();
  const drawn = await drawScene("ABC1D23");
  sight.pictures.jpegOf = async (_picture, box) => Buffer.from(box ? drawn.plate_image : drawn.image, "base64");
  const served = await servedConsole(sight);
  await served.administrator();
  const cidade_id = (await served.city("Cidade Modelo")).id;
  const camera = await served.asCamera(cidade_id);
  const browser = await openBrowser();
  const watched = await openPage(browser, served.url);
  return {
    ...watched,
    served,
    browser,
    camera,
    cidade_id,
    async show(captured_at, ...shown) {
      const frame = frameOf({ cidade_id, camera_id: camera.id }, shown, { captured_at });
      const became = await served.host.handleFrame("read-plates", { frame, attempt: 1 });
      if (!("done" in became)) throw new Error(`The frame was not looked at: ${JSON.stringify(became)}`);
    },
    async close() {
      await watched.close();
      await browser.close();
      await served.close();
    },
  };
};
