import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { keptBundle } from "./kept-bundle.ts";

let folder = "";
let made = 0;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "gt-kept-"));
  made = 0;
  for (const name of ["a", "b"]) writeFileSync(join(folder, name), name);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const ask = async (file = join(folder, "cache/bundle")): Promise<string> => {
  const { files } = await keptBundle(file, async () => {
    made += 1;
    return {
      inputs: [join(folder, "a"), join(folder, "b")],
      files: new Map([["index.html", Buffer.from(`page ${made}`)]]),
    };
  });
  return String(Buffer.from(files.get("index.html") ?? []));
};

test("what has been made is handed out again while nothing it was made from has changed", async () => {
  expect([await ask(), await ask(), made]).toEqual(["page 1", "page 1", 1]);
});

test("a file that is longer, newer or gone makes it anew", async () => {
  await ask();
  writeFileSync(join(folder, "b"), "longer");
  expect(await ask()).toBe("page 2");
  utimesSync(join(folder, "a"), new Date(0), new Date(0));
  expect(await ask()).toBe("page 3");
  rmSync(join(folder, "a"));
  expect(await ask()).toBe("page 4");
});

test("what was kept and is damaged is made anew", async () => {
  await ask();
  writeFileSync(join(folder, "cache/bundle"), "torn");
  expect([await ask(), await ask()]).toEqual(["page 2", "page 2"]);
});

test("where nothing can be kept it is made each time, and nothing is left behind", async () => {
  const file = join(folder, "a/bundle");
  expect([await ask(file), await ask(file)]).toEqual(["page 1", "page 2"]);
  expect(readdirSync(folder).toSorted()).toEqual(["a", "b"]);
});
