import { existsSync } from "node:fs";
import { readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { uuidv7 } from "#lib/ids.ts";
import { createLog, type Log } from "#lib/log.ts";
import { openKeptDesiredState, type KeptDesiredState } from "./kept-desired-state.ts";
import { desired } from "./testing/edge-scene.ts";
import { temporaryFolder } from "./testing/scene.ts";

const PASSWORD = "s3nha-da-camera";
const cameras = [desired(`rtsp://operador:${PASSWORD}@192.168.1.20/stream1`), desired("rtsp://192.168.1.21/")];

let folder: ReturnType<typeof temporaryFolder>;
let agent_id = "";
let lines: string[];
let log: Log;
beforeEach(() => {
  folder = temporaryFolder();
  agent_id = uuidv7();
  lines = [];
  log = createLog({ context: "agent", write: (line) => void lines.push(line) });
});
afterEach(() => folder.remove());

const open = (id = agent_id): Promise<KeptDesiredState> => openKeptDesiredState(folder.path, id, log);
const file = (): string => join(folder.path, "desired-state.sealed");
const damage = async (how: (text: string) => string): Promise<void> =>
  writeFile(file(), how(await readFile(file(), "utf8")));

test("an agent that starts finds what was desired last, and one that never heard anything finds nothing", async () => {
  const fresh = await open();
  expect(fresh.atStart).toBeNull();
  await fresh.keep(cameras);
  await fresh.keep(cameras.slice(1));
  expect((await open()).atStart).toEqual(cameras.slice(1));
  expect(lines).toEqual([]);
});

test("what stays the same is not written again", async () => {
  await (await open()).keep(cameras);
  const again = await open();
  const before = (await stat(file())).ino;
  await again.keep(structuredClone(cameras));
  expect((await stat(file())).ino).toBe(before);
  await again.keep([]);
  expect((await stat(file())).ino).not.toBe(before);
});

test("no file says anything of a camera, and only the agent's own user may read them", async () => {
  await (await open()).keep(cameras);
  for (const name of await readdir(folder.path)) {
    const text = await readFile(join(folder.path, name), "latin1");
    for (const word of [PASSWORD, "operador", "192.168", Buffer.from(PASSWORD).toString("base64")]) {
      expect([name, text.includes(word)]).toEqual([name, false]);
    }
    expect([name, (await stat(join(folder.path, name))).mode & 0o777]).toEqual([name, 0o600]);
  }
});

describe("set aside with one line, and nothing is believed of it:", () => {
  const damages: [string, () => Promise<unknown>][] = [
    ["half a file", () => damage((text) => text.slice(0, text.length / 2))],
    ["an empty file", () => damage(() => "")],
    [
      "one with a changed byte",
      () => damage((text) => `${text.slice(0, -9)}${text.at(-9) === "A" ? "B" : "A"}${text.slice(-8)}`),
    ],
    ["something else", () => damage(() => '[{"id":"x"}]')],
    ["one whose key is gone", () => rm(join(folder.path, "seal-keys.json"))],
    ["one whose key is damaged", () => writeFile(join(folder.path, "seal-keys.json"), "{")],
    ["another agent's", () => Promise.resolve((agent_id = uuidv7()))],
  ];
  test.each(damages)("%s", async (_, harm) => {
    await (await open()).keep(cameras);
    await harm();
    const opened = await open();
    expect([opened.atStart, existsSync(file()), lines.length]).toEqual([null, false, 1]);
    expect(lines[0]).not.toContain("192.168");
    await opened.keep(cameras);
    expect([(await open()).atStart, lines.length]).toEqual([cameras, 1]);
  });
});
