import { describe, expect, test } from "vitest";
import { noLog } from "#lib/log.ts";
import type { Picture } from "#lib/vision/picture.ts";
import { drawnScene } from "#test/harness/drawn-plates.ts";
import { connectSight } from "./connect.ts";
import { VisionEnvironment } from "./settings.ts";
import type { Sight } from "./sight.ts";

const opened = async (
  environment: Record<string, string>,
  use: (sight: Sight) => Promise<void> | void,
): Promise<void> => {
  const sight = await connectSight(VisionEnvironment.parse(environment), { log: noLog });
  await Promise.resolve(use(sight)).finally(() => sight.close());
};

const SIDE = { width: 640, height: 360 };
const street: Picture = {
  ...SIDE,
  luma: new Uint8Array(new SharedArrayBuffer(SIDE.width * SIDE.height)).fill(120),
  colour: { form: "grey" },
};

describe("what a process sees with", () => {
  test("is without networks where they are switched off, and says so", () =>
    opened({ VISION_PROVIDER: "off" }, ({ vision }) => {
      expect(vision.state()).toMatchObject({ state: "without_models", reason: "VISION_PROVIDER is off" });
    }));

  test.each([
    [{}, [true, false]],
    [{ VISION_GATE: "off" }, [true, true]],
  ])("passes over a picture like the one before unless the gate is off (%j)", (environment, worth) =>
    opened({ VISION_PROVIDER: "off", ...environment }, ({ pictures }) => {
      const looked = [street, street].map((picture) => pictures.worthLooking("camera", picture));
      expect(looked).toEqual(worth);
    }),
  );

  test.each([
    [{}, true],
    [{ VISION_VEHICLES: "off" }, false],
  ])("looks for vehicles unless that is off (%j)", (environment, looks) =>
    opened({ VISION_PROVIDER: "off", ...environment }, ({ pictures }) => {
      expect(pictures.lookForVehicles("camera", new Date(), street)([]) !== null).toBe(looks);
    }),
  );

  test("shows the detector as many pixels as it is told", async () => {
    const picture = await drawnScene([{ text: "WHN4710", layout: "old", rows: 1, x: 600, y: 400, width: 70 }]);
    const scoreAt = async (pixels: string): Promise<number> => {
      let score = 0;
      const environment = { VISION_PROVIDER: "cpu", VISION_WORKERS: "1", VISION_DETECTOR_PIXELS: pixels };
      await opened(environment, async ({ vision }) => {
        score = (await vision.find(picture))[0]?.score ?? 0;
      });
      return score;
    };
    // A plate of 70 pixels has 10 of them left.
    expect(await scoreAt("20480")).toBeLessThan(0.8 * (await scoreAt("auto")));
  });
});
