import { expect, test } from "vitest";
import type { PlateRead } from "#functions/ai/contract.ts";
import { createPicturesKept } from "./pictures-kept.ts";

const read = (id: string, image_url: string | null): PlateRead =>
  ({ id, image_url, plate_image_url: null }) as PlateRead;
const addresses = (reads: PlateRead[]): (string | null)[] => reads.map(({ image_url }) => image_url);

test("a picture on the screen keeps its address when the list is asked again, until that is nearly spent", () => {
  const kept = createPicturesKept();
  kept.keep([read("a", "/1")], 0);
  expect(addresses(kept.keep([read("b", "/2"), read("a", "/3")], 60_000))).toEqual(["/2", "/1"]);
  expect(addresses(kept.keep([read("b", "/4"), read("a", "/5")], 8 * 60_000))).toEqual(["/2", "/5"]);
});

test("a picture that came after its read is shown", () => {
  const kept = createPicturesKept();
  kept.keep([read("a", null)], 0);
  expect(addresses(kept.keep([read("a", "/1")], 1000))).toEqual(["/1"]);
});
