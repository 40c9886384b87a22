import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { Frame, FrameCounts, Frames, HeldFrame, Refused } from "#lib/frames/frames.ts";
import { check, eventually, never, refusal, type Bench, type Check } from "./check.ts";

/** Whom every adapter under test has: most checks look through the eyes of the first, while nobody takes the other's frames. */
export const consumers = ["plates", "pictures"] as const;
const [PLATES, PICTURES] = consumers;

/** `pass` lets time go by. The adapter holds at most 8 waiting frames of all cameras, none longer than 30 s. */
export type FramesBench = Bench & { frames: Frames; pass(ms: number): Promise<void> };

/** The port as one consumer has it. */
type Own = {
  offer(frame: Frame): Promise<boolean>;
  consume(parallel: number, handle: (held: HeldFrame) => Promise<void>): Promise<{ stop(): Promise<void> }>;
  counts(): Promise<FrameCounts>;
  refused(): Promise<Refused[]>;
};
const seenBy = (frames: Frames, consumer: string): Own => ({
  offer: frames.offer,
  consume: (parallel, handle) => frames.consume(consumer, parallel, handle),
  counts: async () => {
    const counts = (await frames.counts())[consumer];
    assert.ok(counts, `${consumer} is counted`);
    return counts;
  },
  refused: async () => (await frames.refused()).filter((one) => one.consumer === consumer),
});

export const frameOf = (camera: string, name = "", byteLength = 16): Frame => ({
  id: randomUUID(),
  cidade_id: "c1",
  camera_id: camera,
  captured_at: new Date("2026-03-04T12:00:00Z"),
  format: "jpeg",
  bytes: new Uint8Array(byteLength),
  correlation_id: name,
});
type Seen = { frames: Own; others: Own; pass: FramesBench["pass"] };
const on = (title: string, body: (seen: Seen) => Promise<void>): Check<FramesBench> =>
  check(title, ({ frames, pass }) => body({ frames: seenBy(frames, PLATES), others: seenBy(frames, PICTURES), pass }));

/** Takes everything that waits, and tells the names in the order of hand-out. */
const drain = async (frames: Own): Promise<string[]> => {
  const names: string[] = [];
  const consumer = await frames.consume(1, async ({ frame }) => void names.push(frame.correlation_id));
  await eventually("everything is taken", async () => {
    const { waiting, held } = await frames.counts();
    return waiting + held === 0;
  });
  await consumer.stop();
  return names;
};

export const framesChecks: readonly Check<FramesBench>[] = [
  on("an offered frame reaches a consumer as it was offered", async ({ frames }) => {
    const frame = { ...frameOf("a", "one"), bytes: Uint8Array.from([255, 216, 0, 7]) };
    assert.equal(await frames.offer(frame), true);
    const got: Frame[] = [];
    await frames.consume(1, async (held) => {
      assert.equal(held.attempt, 1);
      got.push(held.frame);
    });
    await eventually("the frame arrives", () => got.length === 1);
    assert.deepEqual({ ...got[0], bytes: [...got[0]!.bytes] }, { ...frame, bytes: [255, 216, 0, 7] });
  }),
  on(
    "a frame that was read at its site says so to its consumer, and another says nothing of it",
    async ({ frames }) => {
      await frames.offer({ ...frameOf("a", "read"), read_at_site: true });
      await frames.offer(frameOf("b", "unread"));
      const got = new Map<string, boolean | undefined>();
      await frames.consume(1, async ({ frame }) => void got.set(frame.correlation_id, frame.read_at_site));
      await eventually("both arrive", () => got.size === 2);
      assert.deepEqual(
        [...got],
        [
          ["read", true],
          ["unread", undefined],
        ],
      );
    },
  ),
  on("of one camera at most two frames wait and the newest win", async ({ frames }) => {
    const answers = [];
    for (const name of ["1", "2", "3", "4"]) answers.push(await frames.offer(frameOf("a", name)));
    assert.deepEqual(answers, [true, true, false, false]);
    assert.equal((await frames.counts()).evicted, 2);
    assert.deepEqual(await drain(frames), ["3", "4"]);
  }),
  on("a busy camera never evicts the frame of a quiet one", async ({ frames }) => {
    for (const name of ["q1", "q2", "q3", "q4", "q5", "q6", "q7"]) await frames.offer(frameOf(name, name));
    for (let n = 0; n < 50; n++) await frames.offer(frameOf("busy", `b${n}`));
    const names = await drain(frames);
    assert.deepEqual(names.filter((name) => name.startsWith("q")).length, 7);
    assert.ok(names.includes("b49"), "the newest of the busy one");
  }),
  on("a camera that was just served does not push out one that still waits", async ({ frames }) => {
    const seen: string[] = [];
    await frames.offer(frameOf("busy", "b0"));
    const consumer = await frames.consume(1, async ({ frame }) => void seen.push(frame.correlation_id));
    await eventually("the busy one is served", async () => seen.length === 1 && (await frames.counts()).held === 0);
    await consumer.stop();
    for (let n = 1; n <= 8; n++) await frames.offer(frameOf(`q${n}`, `q${n}`));
    await refusal(frames.offer(frameOf("busy", "b1")));
    assert.equal((await drain(frames)).filter((name) => name.startsWith("q")).length, 8);
  }),
  on("all cameras together stay within the bound", async ({ frames }) => {
    for (let n = 0; n < 40; n++) await refusal(frames.offer(frameOf(`c${n % 5}`, `${n}`)));
    const { waiting } = await frames.counts();
    assert.ok(waiting <= 8, `${waiting} wait`);
  }),
  on("cameras take turns", async ({ frames }) => {
    for (const [camera, name] of [
      ["a", "a1"],
      ["a", "a2"],
      ["b", "b1"],
      ["c", "c1"],
    ] as const)
      await frames.offer(frameOf(camera, name));
    assert.deepEqual(await drain(frames), ["a1", "b1", "c1", "a2"]);
  }),
  on("a frame that waited too long is dropped and counted", async ({ frames, pass }) => {
    await frames.offer(frameOf("a", "old"));
    await pass(31_000);
    await frames.offer(frameOf("b", "new"));
    assert.deepEqual(await drain(frames), ["new"]);
    assert.equal((await frames.counts()).expired, 1);
  }),
  on("a frame above 5 MiB is refused, one of 5 MiB is taken", async ({ frames }) => {
    assert.equal(await refusal(frames.offer(frameOf("a", "", 5 * 1024 * 1024 + 1))), "too_large");
    assert.equal(await frames.offer(frameOf("a", "", 5 * 1024 * 1024)), true);
  }),
  on(
    "a frame whose handler fails is offered again, then kept among the refused with its reason",
    async ({ frames }) => {
      const attempts: number[] = [];
      const bad = frameOf("a", "bad");
      await frames.offer(bad);
      await frames.consume(2, async ({ attempt }) => {
        attempts.push(attempt);
        throw new Error("cannot decode");
      });
      const [kept] = await eventually("it is refused", async () => {
        const all = await frames.refused();
        return all.length === 1 ? all : null;
      });
      assert.deepEqual(attempts, [1, 2, 3]);
      assert.equal(kept?.reason, "cannot decode");
      assert.equal(kept?.frame.bytes.byteLength, bad.bytes.byteLength);
      const { refused, held, waiting } = await frames.counts();
      assert.deepEqual({ refused, held, waiting }, { refused: 1, held: 0, waiting: 0 });
    },
  ),
  on("only the last hundred refused are kept", async ({ frames }) => {
    await frames.consume(1, async () => {
      throw new Error("no");
    });
    for (let n = 1; n <= 103; n++) {
      await frames.offer(frameOf("a", `${n}`));
      await eventually("it is refused", async () => (await frames.counts()).refused === n);
    }
    const kept = await frames.refused();
    assert.deepEqual([kept.length, kept[0]?.frame.correlation_id], [100, "4"]);
  }),
  on("of large ones only the last 64 MiB", async ({ frames }) => {
    await frames.consume(1, async () => {
      throw new Error("no");
    });
    for (let n = 1; n <= 14; n++) {
      await frames.offer(frameOf("a", `${n}`, 5 * 1024 * 1024));
      await eventually("it is refused", async () => (await frames.counts()).refused === n);
    }
    const kept = await frames.refused();
    assert.deepEqual([kept.length, kept.at(-1)?.frame.correlation_id], [12, "14"]);
  }),
  on("a frame in hand when its consumer stops without settling goes to another one", async ({ frames }) => {
    await frames.offer(frameOf("a", "one"));
    let taken = false;
    const first = await frames.consume(1, () => {
      taken = true;
      return new Promise(() => undefined);
    });
    await eventually("the first one has it", () => taken);
    const attempts: number[] = [];
    await frames.consume(1, async (held) => void attempts.push(held.attempt));
    await never("a held frame is handed out twice", () => attempts.length > 0, 50);
    await first.stop();
    await eventually("the second one gets it", () => attempts.length === 1);
    assert.deepEqual(attempts, [2]);
  }),
  on("each consumer gets every frame, and a failure of one is no failure of the other", async ({ frames, others }) => {
    const bad = { ...frameOf("a", "bad"), bytes: Uint8Array.from([1, 2, 3]) };
    await frames.offer(bad);
    const seen: number[][] = [];
    await others.consume(1, async ({ frame, attempt }) => void seen.push([attempt, ...frame.bytes]));
    await eventually("the other has had it", () => seen.length === 1);
    await frames.consume(1, async ({ frame }) => {
      throw new Error(`cannot read ${frame.bytes.join(" ")}`);
    });
    await eventually("it is refused here", async () => (await frames.refused()).length === 1);
    assert.deepEqual(
      (await frames.refused()).map(({ reason }) => reason),
      ["cannot read 1 2 3"],
    );
    assert.deepEqual([...((await frames.refused())[0]?.frame.bytes ?? [])], [1, 2, 3]);
    assert.deepEqual(seen, [[1, 1, 2, 3]]);
    assert.deepEqual(await others.refused(), []);
  }),
  on("a consumer that hangs holds up nobody else, and its camera's newest frames wait for it", async (seen) => {
    const { frames, others } = seen;
    const names: string[] = [];
    let hanging = 0;
    await frames.consume(1, () => {
      hanging++;
      return new Promise(() => undefined);
    });
    await others.consume(1, async ({ frame }) => void names.push(frame.correlation_id));
    for (const name of ["1", "2", "3", "4", "5"]) {
      await frames.offer(frameOf("a", name));
      await eventually(`${name} reaches the other`, () => names.includes(name));
    }
    await eventually("the first hangs", () => hanging === 1);
    assert.deepEqual(names, ["1", "2", "3", "4", "5"]);
    const { waiting, held, evicted } = await frames.counts();
    assert.deepEqual({ waiting, held, evicted }, { waiting: 2, held: 1, evicted: 2 });
  }),
  on("never more than `parallel` frames are in hand", async ({ frames }) => {
    let inHand = 0;
    let most = 0;
    const gates: (() => void)[] = [];
    await frames.consume(2, async () => {
      most = Math.max(most, ++inHand);
      await new Promise<void>((resolve) => void gates.push(resolve));
      inHand--;
    });
    for (let n = 0; n < 6; n++) await frames.offer(frameOf(`c${n}`));
    for (let n = 0; n < 6; n++) (await eventually("one is in hand", () => gates.shift()))();
    await eventually("all are done", async () => (await frames.counts()).held === 0);
    assert.equal(most, 2);
  }),
];
