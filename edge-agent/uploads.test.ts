import { createHash } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AppError } from "#lib/errors.ts";
import { noLog } from "#lib/log.ts";
import { nameOf } from "./spool-files.ts";
import { openSpool, type Spool } from "./spool.ts";
import { segmentLike, temporaryFolder } from "./testing/scene.ts";
import { uploadRounds, type UploadNeeds } from "./uploads.ts";

let folder: ReturnType<typeof temporaryFolder>;
let spool: Spool;
let clock = 0;
beforeEach(async () => {
  folder = temporaryFolder();
  clock = 0;
  spool = await openSpool(folder.path);
});
afterEach(() => folder.remove());

const keep = async (text: string) => {
  const sha256 = createHash("sha256").update(text).digest("hex");
  const segment = segmentLike({ bytes: text.length, sha256 });
  const path = join(folder.path, "new.mp4");
  await writeFile(path, text);
  await spool.keep(path, segment);
  return segment;
};

type Answers = { put?(text: string): void; taken?(text: string): boolean; call?(path: string, ids: string[]): unknown };
/** A store and an index; `answers` may throw or answer something else. */
const serverOf = (answers: Answers = {}) => {
  const [stored, listed] = [[] as string[], [] as string[]];
  const server: UploadNeeds["server"] = {
    call: (_method, path, body, shape) => {
      const ids = (body as { segments: { id: string }[] }).segments.map(({ id }) => id);
      const other = answers.call?.(path, ids);
      if (other !== undefined) return Promise.resolve(shape.parse(other)) as never;
      if (path.endsWith("/uploads")) {
        return Promise.resolve(
          shape.parse({ uploads: ids.map((id) => ({ id, object_key: id, url: `/${id}`, headers: {} })) }),
        ) as never;
      }
      listed.push(...ids);
      return Promise.resolve(shape.parse({ accepted: ids, refused: [] })) as never;
    },
    put: async (_address, _headers, bytes) => {
      const text = await bytes.text();
      answers.put?.(text);
      stored.push(text);
      return answers.taken?.(text) ? "taken" : "stored";
    },
  };
  return { stored, listed, round: uploadRounds({ spool, server, log: noLog }, () => clock) };
};
const away = (): never => {
  throw new AppError("unavailable", "gone");
};
const refusal = (): never => {
  throw new AppError("invalid", "no");
};
const waiting = async (): Promise<number> => (await spool.waiting(99)).length;

test("bytes, then the report, then the local file goes", async () => {
  const segment = await keep("abc");
  const { stored, listed, round } = serverOf({
    call(path) {
      expect([path, path.endsWith("/uploads") || stored.length === 1]).toEqual([path, true]);
    },
  });
  expect(await round()).toBe(true);
  expect([stored, listed, await waiting()]).toEqual([["abc"], [segment.id], 0]);
  expect(await round()).toBe(false);
});

describe("a server that is away", () => {
  test.each(["at the address", "at the store", "at the report"])("%s loses nothing", async (where) => {
    await keep("abc");
    let isAway = true;
    const { listed, round } = serverOf({
      put: () => void (isAway && where === "at the store" && away()),
      call: (path) =>
        void (
          isAway &&
          path.endsWith("/uploads") === (where === "at the address") &&
          where !== "at the store" &&
          away()
        ),
    });
    await expect(round()).rejects.toThrow("gone");
    expect(await waiting()).toBe(1);
    isAway = false;
    await round();
    expect([listed.length, await waiting()]).toEqual([1, 0]);
  });
});

describe("one that is refused", () => {
  test("does not hold up the others: at the address", async () => {
    const [first, second] = [await keep("a"), await keep("b")];
    const { listed, round } = serverOf({ call: (_, ids) => void (ids.includes(first.id) && refusal()) });
    await round();
    expect([listed, await waiting()]).toEqual([[second.id], 1]);
    expect(await round()).toBe(false);
    clock = 61_000;
    expect(await round()).toBe(true);
  });

  test.each([
    ["unknown_camera", 0],
    ["something new", 1],
  ])("by name, because of %s, does not hold up the others and stays or is put aside", async (reason, left) => {
    const [first, second] = [await keep("a"), await keep("b")];
    const { stored, listed, round } = serverOf({
      call: (path) =>
        path.endsWith("/uploads")
          ? {
              uploads: [{ id: second.id, object_key: "b", url: "/b", headers: {} }],
              refused: [{ id: first.id, reason }],
            }
          : undefined,
    });
    await round();
    expect([stored, listed, await waiting()]).toEqual([["b"], [second.id], left]);
  });

  test("does not hold up the others: at the store", async () => {
    await keep("a");
    const second = await keep("b");
    const { listed, round } = serverOf({ put: (text) => void (text === "a" && refusal()) });
    await round();
    expect([listed, await waiting()]).toEqual([[second.id], 1]);
  });

  test.each([
    ["not_stored", 1],
    ["unknown_recording", 0],
    ["wrong_bytes", 0],
  ])("because of %s stays or is put aside", async (reason, left) => {
    const segment = await keep("a");
    const { round } = serverOf({
      call: (path, ids) =>
        path.endsWith("/uploads") ? undefined : { accepted: [], refused: ids.map((id) => ({ id, reason })) },
    });
    await round();
    expect(await waiting()).toBe(left);
    expect(await round()).toBe(false);
    expect(nameOf(segment)).toContain(segment.boot_id);
  });
});

describe("a name that the store says is taken", () => {
  const answering = (reason: string | null) =>
    serverOf({
      taken: () => true,
      call: (path, ids) =>
        path.endsWith("/uploads") || reason === null
          ? undefined
          : { accepted: [], refused: ids.map((id) => ({ id, reason })) },
    });

  test("by these very bytes: they are confirmed", async () => {
    await keep("a");
    const { listed, round } = answering(null);
    await round();
    expect([listed.length, await waiting(), await spool.gaps()]).toEqual([1, 0, []]);
  });

  test("by other bytes: put aside at once, and the hole is stated", async () => {
    const segment = await keep("a");
    const { round } = answering("wrong_bytes");
    await round();
    expect([await waiting(), await round()]).toEqual([0, false]);
    const { camera_id, captured_at: starts_at, wall_end: ends_at } = segment;
    expect((await spool.gaps()).map(({ gap }) => gap)).toEqual([
      { camera_id, starts_at, ends_at, cause: "agent", detail: "wrong_bytes" },
    ]);
  });

  test("by nothing that can be found: tried three times, not for ever", async () => {
    await keep("a");
    const { stored, round } = answering("not_stored");
    for (const minutes of [0, 2, 4]) {
      expect(await waiting()).toBe(1);
      clock = minutes * 60_000;
      await round();
    }
    expect([stored.length, await waiting()]).toEqual([3, 0]);
    expect((await spool.gaps()).map(({ gap }) => gap.detail)).toEqual(["name_taken"]);
  });
});

describe("a file that is no longer what was recorded", () => {
  test.each([
    ["changed", (file: string) => writeFile(file, "b")],
    ["gone", (file: string) => rm(file)],
  ])("%s: put aside and stated, and the others pass", async (_, harm) => {
    const segment = await keep("a");
    await keep("c");
    await harm(join(folder.path, "ready", `${nameOf(segment)}.mp4`));
    const { listed, round } = serverOf({ put: (text) => void (text === "b" && refusal()) });
    await round();
    expect([listed.length, await waiting()]).toEqual([1, 0]);
    expect((await spool.gaps()).map(({ gap }) => [gap.camera_id, gap.detail])).toEqual([
      [segment.camera_id, "damaged"],
    ]);
  });
});

test("an object that is there already is only reported", async () => {
  const segment = await keep("a");
  const { stored, listed, round } = serverOf({
    call: (path, ids) =>
      path.endsWith("/uploads")
        ? { uploads: ids.map((id) => ({ id, object_key: id, url: null, headers: {} })) }
        : undefined,
  });
  await round();
  expect([stored, listed]).toEqual([[], [segment.id]]);
});

test("told to end, it sends no further segment", async () => {
  await keep("a");
  const { stored, listed, round } = serverOf();
  await round(() => true);
  expect([stored, listed, await waiting()]).toEqual([[], [], 1]);
});
