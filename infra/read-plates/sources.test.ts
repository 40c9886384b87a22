import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterEach, beforeEach, expect, test } from "vitest";
import { AppError } from "#lib/errors.ts";
import { looksAt, type Look } from "./sources.ts";

const grey = sharp({ create: { width: 32, height: 24, channels: 3, background: "#888" } });
const png = await grey.png().toBuffer();
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "gt-sources-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const at = (...parts: string[]): string => join(folder, ...parts);
const put = (...parts: string[]): string => {
  mkdirSync(at(...parts.slice(0, -1)), { recursive: true });
  writeFileSync(at(...parts), png);
  return at(...parts);
};

type Seen = { looks: [name: string, became: string][]; notes: string[] };

/** `became`: the picture's width, or why there is none. */
const lookAll = async (sources: string[], before: (look: Look) => void = () => {}): Promise<Seen> => {
  const seen: Seen = { looks: [], notes: [] };
  const note = (words: string): void => void seen.notes.push(words.replaceAll(folder, ""));
  for await (const look of looksAt(sources, {
    per_second: 1,
    seconds: null,
    signal: AbortSignal.timeout(60_000),
    note,
  })) {
    before(look);
    if (seen.looks.length > 50) throw new Error("There is no end");
    const became = await look.picture().then(
      ({ width }) => String(width),
      (error: unknown) => (error instanceof AppError ? `${error.reason}: ${error.message}` : String(error)),
    );
    seen.looks.push([look.name, became]);
  }
  return seen;
};

test("a picture that is gone when its turn comes is one fault, listed or about to be decoded", async () => {
  for (const name of ["1.png", "2.png", "3.png"]) put(name);
  const { looks } = await lookAll([folder], ({ name }) => {
    if (name !== "1.png") return;
    rmSync(at("1.png"));
    rmSync(at("2.png"));
  });
  expect(looks).toEqual([
    ["1.png", "file.missing: There is no such file"],
    ["2.png", "file.missing: There is no such file"],
    ["3.png", "32"],
  ]);
});

test("a name that is not UTF-8 is one fault, readable, and its neighbours are looked at", async () => {
  put("a.png");
  put("z.png");
  writeFileSync(Buffer.from(at("lat\u00e7in.png"), "latin1"), png);
  expect((await lookAll([folder])).looks).toEqual([
    ["a.png", "32"],
    ["lat\\xe7in.png", "file.name: Its name is not UTF-8: give it another one"],
    ["z.png", "32"],
  ]);
});

test("what the system does not let us read is one fault", async () => {
  put("z.png");
  symlinkSync("/proc/self/mem", at("1.png"));
  expect((await lookAll([folder])).looks).toEqual([
    ["1.png", "file.unreadable: It cannot be read (EIO)"],
    ["z.png", "32"],
  ]);
});

test("links: each picture once, loops end, and what is left out is told", async () => {
  put("real", "1.png");
  put("elsewhere", "2.png");
  mkdirSync(at("read"));
  symlinkSync(at("real"), at("read", "folder"));
  symlinkSync(at("elsewhere", "2.png"), at("read", "linked.png"));
  symlinkSync("linked.png", at("read", "linked-again.png"));
  symlinkSync(".", at("real", "loop"));
  symlinkSync(at("read"), at("real", "round"));
  symlinkSync("nowhere", at("read", "broken.png"));
  symlinkSync("self.png", at("read", "self.png"));
  const { looks, notes } = await lookAll([at("read")]);
  expect(looks).toEqual([
    ["broken.png", "file.missing: There is no such file"],
    ["folder/1.png", "32"],
    ["linked-again.png", "32"],
    ["self.png", "file.missing: A link that leads to itself"],
  ]);
  expect(notes).toEqual([
    "/read/folder/loop is /read/folder once more: passed over",
    "/read/folder/round is /read once more: passed over",
    "/read/linked.png is /read/linked-again.png once more: passed over",
  ]);
});

test("a picture that is named twice, or once by its folder, is looked at once", async () => {
  const one = put("a", "1.png");
  const { looks, notes } = await lookAll([one, one, at("a")]);
  expect(looks).toEqual([["1.png", "32"]]);
  expect(notes).toEqual(["/a/1.png is /a/1.png once more: passed over", "/a/1.png is /a/1.png once more: passed over"]);
});

test("a pipe or a socket that is named is refused, and one in a folder is passed over", { timeout: 5000 }, async () => {
  put("1.png");
  expect(spawnSync("mkfifo", [at("pipe.jpg")]).status).toBe(0);
  const server = createServer().listen(at("socket.jpg"));
  await new Promise((resolve) => server.once("listening", resolve));
  try {
    const refused = "file.special: Neither a file nor a folder, but a pipe, a socket or a device";
    const { looks, notes } = await lookAll([at("pipe.jpg"), at("socket.jpg"), "/dev/zero", folder]);
    expect(looks.map(([, became]) => became)).toEqual([refused, refused, refused, "32"]);
    expect(notes).toEqual([]);
  } finally {
    server.close();
  }
});

test("names of looks are paths below what all sources have in common, so that no two are the same", async () => {
  const [first, second] = [put("a", "x.png"), put("b", "x.png")];
  put("b", "below", "x.png");
  const names = async (...sources: string[]): Promise<string[]> => (await lookAll(sources)).looks.map(([name]) => name);
  expect(await names(first)).toEqual(["x.png"]);
  expect(await names(first, second)).toEqual(["a/x.png", "b/x.png"]);
  expect(await names(at("a"), at("b"))).toEqual(["a/x.png", "b/below/x.png", "b/x.png"]);
  expect(await names(at("b"))).toEqual(["below/x.png", "x.png"]);
});

test("drawings of an earlier run are no pictures of a folder, but may be named", async () => {
  put("1.png");
  const drawing = put("1.png.plates.jpg");
  writeFileSync(at("labels.csv"), "no picture");
  const { looks, notes } = await lookAll([folder]);
  expect(looks).toEqual([["1.png", "32"]]);
  expect(notes).toEqual(["2 other files passed over: no picture, no video, or a drawing of this program"]);
  expect((await lookAll([drawing])).looks).toEqual([["1.png.plates.jpg", "32"]]);
});

test("damage in a film that does not say how long it is: told under the name that people know", async () => {
  const film = ["-v", "error", "-f", "lavfi", "-i", "testsrc2=s=320x240:r=10:d=4"];
  expect(spawnSync("ffmpeg", [...film, at("whole.avi")]).status).toBe(0);
  const whole = readFileSync(at("whole.avi"));
  writeFileSync(at("cut.avi"), whole.subarray(0, whole.length * 0.6));
  rmSync(at("whole.avi"));
  const { looks, notes } = await lookAll([folder]);
  expect(looks.every(([, became]) => became === "320")).toBe(true);
  expect(notes).toEqual([expect.stringMatching(/^\/cut\.avi: parts of it are damaged \(.+\)$/)]);
});
