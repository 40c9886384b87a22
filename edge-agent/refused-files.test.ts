import { readdirSync } from "node:fs";
import { utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { tidyRefused } from "./refused-files.ts";
import { START, temporaryFolder } from "./testing/scene.ts";

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => void (folder = temporaryFolder()));
afterEach(() => folder.remove());

/** A recording of a minute ago and its reason, put aside so many minutes after the start. */
const putAside = async (name: string, minutes: number, bytes = 100): Promise<void> => {
  await writeFile(join(folder.path, `${name}.mp4`), Buffer.alloc(bytes));
  await writeFile(join(folder.path, `${name}.json`), "{}");
  const at = START / 1000 + minutes * 60;
  await utimes(join(folder.path, `${name}.json`), at, at);
  await utimes(join(folder.path, `${name}.mp4`), at - 60, at - 60);
};
const names = (): string[] => readdirSync(folder.path).toSorted();
const wide = { count: 10, bytes: 10_000, age_ms: 3_600_000 };
const tidy = (limits: Partial<typeof wide>, minutes = 10) =>
  tidyRefused(folder.path, { ...wide, ...limits }, START + minutes * 60_000);

describe("what was put aside", () => {
  beforeEach(async () => {
    // Names do not follow the order of time.
    await putAside("b", 0);
    await putAside("a", 1);
    await putAside("c", 2);
  });

  test("stays while it is little and young", async () => {
    expect(await tidy({})).toEqual({ names: [], bytes: 0 });
    expect(names()).toEqual(["a.json", "a.mp4", "b.json", "b.mp4", "c.json", "c.mp4"]);
  });

  test.each([
    ["too many", { count: 1 }],
    ["too large", { bytes: 150 }],
  ])("goes when it is %s: the oldest, with its reason, and each by name", async (_, limits) => {
    expect(await tidy(limits)).toEqual({ names: ["b", "a"], bytes: 204 });
    expect(names()).toEqual(["c.json", "c.mp4"]);
  });

  test("goes when it is too old, whenever it was recorded", async () => {
    expect((await tidy({ age_ms: 9 * 60_000 })).names).toEqual(["b"]);
    expect((await tidy({ age_ms: 60_000 })).names).toEqual(["a", "c"]);
    expect(names()).toEqual([]);
  });
});
