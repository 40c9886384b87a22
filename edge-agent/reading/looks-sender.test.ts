import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { SiteLooks } from "#functions/ai/contract.ts";
import { AppError } from "#lib/errors.ts";
import { uuidv7 } from "#lib/ids.ts";
import { createLog } from "#lib/log.ts";
import type { Picture } from "#lib/vision/picture.ts";
import { sitePlateOf } from "#lib/wire/site-looks.ts";
import { tinyJpeg } from "#test/harness/plates.ts";
import { foundOf, plate } from "#test/harness/sight.ts";
import { lookPictures, noPictures } from "./look-pictures.ts";
import { looksSender, type LooksSender, type LooksSenderNeeds } from "./looks-sender.ts";
import type { SiteReading } from "./waiting-looks.ts";

type Line = Record<string, unknown>;
type Answer = (looks: SiteLooks) => unknown;

const start = Date.now();
const cameras = [uuidv7(), uuidv7()] as const;
const secondOf = ({ captured_at }: SiteLooks): number => (Date.parse(captured_at) - start) / 1000;
const away = (retry_after_seconds?: number): never => {
  throw new AppError("unavailable", "away", retry_after_seconds === undefined ? {} : { retry_after_seconds });
};
const refused = (reason: string, status = 422): never => {
  throw new AppError("invalid", "refused", { reason, params: { status } });
};

let taken: SiteLooks[];
let asked: SiteLooks[];
let lines: Line[];
let answer: Answer;
let senders: LooksSender[];
let notOffered: number;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  [taken, asked, lines, senders, notOffered] = [[], [], [], [], 0];
  answer = () => ({ wanted: [] });
});
afterEach(async () => {
  for (const sender of senders) await sender.stop();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const senderOf = (more: Partial<LooksSenderNeeds> = {}): LooksSender => {
  const sender = looksSender({
    server: {
      async call(_method, path, body, shape) {
        expect(path).toBe("/api/agents/looks");
        const looks = body as SiteLooks;
        asked.push(looks);
        const answered = shape.parse(await answer(looks)) as { wanted: number[] };
        if (answered.wanted.length === 0) taken.push(looks);
        return answered as never;
      },
    },
    log: createLog({ context: "test", write: (line) => void lines.push(JSON.parse(line) as Line) }),
    notOffered: () => void (notOffered += 1),
    retry: { failed: () => 1000, healthy: () => undefined },
    ...more,
  });
  senders.push(sender);
  return sender;
};

let made = 0;
const maker = { jpegOf: async () => ((made += 1), tinyJpeg) };
const PIXELS = 640 * 360;
const picture = (): Picture => ({
  width: 640,
  height: 360,
  luma: new Uint8Array(new SharedArrayBuffer(PIXELS)),
  colour: { form: "grey" },
});
const reading = (second: number, camera_id: string = cameras[0], plates = 1): SiteReading => {
  const found = Array.from({ length: plates }, () => foundOf(plate("ABC1D23")));
  return {
    looks: {
      frame_id: uuidv7(),
      camera_id,
      captured_at: new Date(start + second * 1000).toISOString(),
      reader_version: "test-1",
      picture: { width: 1280, height: 720 },
      plates: found.map(sitePlateOf),
      carriers: null,
      passers: [],
    },
    pictures:
      plates === 0
        ? noPictures
        : lookPictures(
            maker,
            picture(),
            found.map(({ box }) => box),
          ),
  };
};
const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);
const said = (message: string): Line[] => lines.filter((line) => line["message"] === message);

describe("looks on their way", () => {
  test("go without their pictures, and again with those that are asked for", async () => {
    made = 0;
    answer = ({ photographs }) => ({ wanted: photographs ? [] : [1] });
    const sender = senderOf();
    sender.offer(reading(0, cameras[0], 2));
    await settle();
    expect(asked.map(({ photographs }) => photographs?.plates.map(({ of }) => of))).toEqual([undefined, [1]]);
    expect(taken[0]?.photographs?.scene).toBe(tinyJpeg.toString("base64"));
    answer = () => ({ wanted: [] });
    made = 0;
    sender.offer(reading(1));
    await settle();
    expect(made).toBe(0);
    expect(sender.sent().looks).toBe(2);
  });

  test("of one camera go one after the other, and another camera's beside them", async () => {
    const held = Promise.withResolvers<unknown>();
    answer = (looks) => (secondOf(looks) === 0 ? held.promise : { wanted: [] });
    const sender = senderOf();
    for (const second of [0, 1, 2]) sender.offer(reading(second));
    sender.offer(reading(3, cameras[1]));
    await settle();
    expect(taken.map(secondOf)).toEqual([3]);
    held.resolve({ wanted: [] });
    await settle();
    expect(taken.map(secondOf)).toEqual([3, 0, 1, 2]);
  });

  test("wait while the line is cut, and go in the order of their time when it is back", async () => {
    answer = () => away();
    const sender = senderOf();
    for (const second of [0, 2, 1]) sender.offer(reading(second));
    await vi.advanceTimersByTimeAsync(10_000);
    expect([taken.length, sender.waiting().count]).toEqual([0, 3]);
    expect(said("looks wait here: the server does not take them")).toHaveLength(1);
    answer = () => ({ wanted: [] });
    await vi.advanceTimersByTimeAsync(1000);
    expect(taken.map(secondOf)).toEqual([0, 1, 2]);
    expect([sender.waiting(), sender.lost(cameras[0])]).toEqual([{ count: 0, bytes: 0 }, 0]);
    expect(said("looks are taken again")).toHaveLength(1);
  });

  test("that wait are kept as JPEG and not as pixels", async () => {
    answer = () => away();
    const sender = senderOf();
    for (const second of [0, 1, 2]) sender.offer(reading(second));
    expect(sender.waiting().bytes).toBeGreaterThan(3 * PIXELS);
    await settle();
    expect(sender.waiting().bytes).toBeLessThan(PIXELS);
  });

  test.each([
    ["count", { count: 3, bytes: Infinity }],
    ["bytes", { count: Infinity, bytes: 3 * (2 * 8192 + 2 * Math.ceil(tinyJpeg.length / 3) * 4) }],
  ])("are bounded by %s: the oldest goes, is counted for its camera and named once", async (_by, bounds) => {
    answer = () => away();
    const sender = senderOf({ bounds });
    for (const second of [0, 1, 2, 3, 4, 5]) sender.offer(reading(second));
    await settle();
    expect([sender.waiting().count, sender.lost(cameras[0]), sender.lost(cameras[1])]).toEqual([3, 3, 0]);
    expect(said("looks lost")).toMatchObject([{ reason: "too many wait", camera_id: cameras[0] }]);
    answer = () => ({ wanted: [] });
    await vi.advanceTimersByTimeAsync(1000);
    expect(taken.map(secondOf)).toEqual([3, 4, 5]);
  });

  test("wait as long as the server asks for, and not longer than five minutes", async () => {
    for (const [asks, waits] of [
      [30, 30_000],
      [86_400, 300_000],
    ] as const) {
      answer = () => away(asks);
      const sender = senderOf();
      sender.offer(reading(0));
      await settle();
      answer = () => ({ wanted: [] });
      const before = taken.length;
      await vi.advanceTimersByTimeAsync(waits - 1);
      expect(taken).toHaveLength(before);
      await vi.advanceTimersByTimeAsync(1);
      expect(taken).toHaveLength(before + 1);
    }
  });

  test("are told again where the answer was lost, as the same frame", async () => {
    let lost = 0;
    answer = (looks) => ((lost += 1) === 1 ? (taken.push(looks), away()) : { wanted: [] });
    senderOf().offer(reading(0));
    await vi.advanceTimersByTimeAsync(1000);
    expect(taken).toHaveLength(2);
    expect(new Set(taken.map(({ frame_id }) => frame_id)).size).toBe(1);
  });
});

describe("looks that the server refuses", () => {
  test("are dropped, counted and named once with the reason, and the next ones go on", async () => {
    answer = (looks) => (secondOf(looks) < 3 ? refused("frame.time") : { wanted: [] });
    const sender = senderOf();
    for (const second of [0, 1, 2, 3]) sender.offer(reading(second));
    await settle();
    expect([taken.map(secondOf), sender.lost(cameras[0]), sender.waiting().count]).toEqual([[3], 3, 0]);
    expect(said("looks lost")).toMatchObject([{ reason: "frame.time" }]);
    expect(notOffered).toBe(0);
  });

  test("because it believes us no more wait: they are not at fault", async () => {
    answer = () => {
      throw new AppError("unauthorized", "The server answered 401");
    };
    const sender = senderOf();
    sender.offer(reading(0));
    await settle();
    expect([sender.waiting().count, sender.lost(cameras[0])]).toEqual([1, 0]);
  });

  test("because it knows no looks say so, and a camera that is not there does not", async () => {
    answer = () => refused("camera.unknown", 404);
    const sender = senderOf();
    sender.offer(reading(0));
    await settle();
    expect(notOffered).toBe(0);
    answer = () => refused("not_found", 404);
    sender.offer(reading(1));
    await settle();
    expect(notOffered).toBe(1);
  });

  test("by wanting ever other pictures do not go round for ever", async () => {
    answer = (looks) => ({ wanted: secondOf(looks) === 0 ? [0] : [] });
    const sender = senderOf();
    for (const second of [0, 1]) sender.offer(reading(second));
    await settle();
    expect([asked.length, taken.map(secondOf)]).toEqual([5, [1]]);
    expect(said("looks lost")).toMatchObject([{ reason: "pictures.never_enough" }]);
  });

  test("by a fault of its own are given up after ten times, and 503 never is", async () => {
    const answered = (status: number) => (looks: SiteLooks) => {
      if (secondOf(looks) !== 0) return { wanted: [] };
      throw new AppError("unavailable", `The server answered ${status}`, { params: { status } });
    };
    answer = answered(503);
    const sender = senderOf();
    for (const second of [0, 1]) sender.offer(reading(second));
    await vi.advanceTimersByTimeAsync(60_000);
    expect([taken.length, sender.lost(cameras[0])]).toEqual([0, 0]);
    answer = answered(500);
    await vi.advanceTimersByTimeAsync(8000);
    expect(taken).toEqual([]);
    await vi.advanceTimersByTimeAsync(3000);
    expect([taken.map(secondOf), sender.lost(cameras[0])]).toEqual([[1], 1]);
  });
});

test("an end waits for what is in hand, begins nothing, and says what is lost with it", async () => {
  const held = Promise.withResolvers<unknown>();
  answer = () => held.promise;
  const sender = senderOf();
  sender.offer(reading(0));
  sender.offer(reading(1));
  const ended = sender.stop();
  held.resolve({ wanted: [] });
  await ended;
  expect(taken.map(secondOf)).toEqual([0]);
  expect(said("looks that waited are lost: the agent ends")).toMatchObject([{ count: 1 }]);
});

test("who has gone without a plate is told without any picture", async () => {
  answer = () => away();
  const sender = senderOf();
  sender.offer(reading(0, cameras[0], 0));
  await settle();
  expect(sender.waiting()).toEqual({ count: 1, bytes: 8192 });
});
