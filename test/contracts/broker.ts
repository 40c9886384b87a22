import assert from "node:assert/strict";
import type { Settlement } from "#lib/broker/broker.ts";
import {
  CLIP,
  clip,
  nameOf,
  on,
  done,
  collect,
  depthOf,
  isEmpty,
  isSettled,
  assertApart,
  forever,
  eventOf,
  type BrokerBench,
} from "./broker-bench.ts";
import { eventually, never, refusal, type Check } from "./check.ts";
import { ordering } from "./broker-ordering.ts";

const publishing: readonly Check<BrokerBench>[] = [
  on("a message reaches every queue bound to its type, as it was published", async ({ broker }) => {
    const event = eventOf("lpr.detected", "one", "camera 1");
    const one = await collect(broker, "ai.match-plate");
    const two = await collect(broker, "ai.store-plate");
    await broker.publish([event]);
    await eventually("both have it", () => one.got.length === 1 && two.got.length === 1);
    assert.deepEqual(one.got[0]?.event, event);
    assert.deepEqual([one.got[0]?.attempt, one.got[0]?.queue], [1, "ai.match-plate"]);
    assert.ok(one.got[0]?.published_at instanceof Date);
    assert.deepEqual(two.got[0]?.event, event);
  }),
  on("a type that no queue is bound to is refused, and nothing of its batch is in", async ({ broker }) => {
    assert.equal(await refusal(broker.publish([clip(), eventOf("nobody.listens")])), "invalid");
    assert.equal(await isEmpty(broker, CLIP), true);
  }),
  on("what is published survives the end of the process that published it", async ({ broker, another, kill }) => {
    await broker.publish([clip("a"), clip("b"), clip("c")]);
    await kill();
    const { got } = await collect(await another(), CLIP);
    await eventually("all three are there", () => got.length === 3);
    assert.deepEqual(got.map(nameOf).sort(), ["a", "b", "c"]);
  }),
  on("two consumers of two processes share the messages: each goes to one", async ({ broker, another }) => {
    const names = Array.from({ length: 60 }, (_, n) => `m${n}`);
    const one = await collect(broker, CLIP);
    const two = await collect(await another(), CLIP);
    await broker.publish(names.map(clip));
    await eventually("all are done", () => isEmpty(broker, CLIP));
    assert.deepEqual([...one.got, ...two.got].map(nameOf).sort(), names.sort());
  }),
];

const settling: readonly Check<BrokerBench>[] = [
  on("what is done never comes again", async ({ broker, pass, lapse }) => {
    await broker.publish([clip()]);
    const { got } = await collect(broker, CLIP);
    await eventually("it is done", () => isEmpty(broker, CLIP));
    await lapse();
    await pass(3_600_000);
    await never("it comes again", () => got.length > 1);
  }),
  on("a retry counts an attempt and comes after its delay, not before", async ({ broker, pass, now, watch_ms }) => {
    await broker.publish([clip()]);
    const times: number[] = [];
    const { got } = await collect(broker, CLIP, ({ attempt }) => {
      times.push(now());
      return attempt < 3 ? { retry: true, delay_seconds: 2, reason: "busy" } : done;
    });
    await eventually("the first attempt", () => isSettled(broker, got, 1));
    await pass(1900);
    await never("it comes early", () => got.length > 1, watch_ms);
    await pass(150);
    await eventually("the second attempt", () => isSettled(broker, got, 2));
    await pass(2050);
    await eventually("it is done", () => isEmpty(broker, CLIP));
    assertApart(times, 2000);
    assert.deepEqual(
      got.map(({ attempt }) => attempt),
      [1, 2, 3],
    );
  }),
  on("parking leaves the attempts as they are, and is visible while it lasts", async (bench) => {
    const { broker, pass, now, watch_ms } = bench;
    await broker.publish([clip()]);
    let down = true;
    const times: number[] = [];
    const { got } = await collect(broker, CLIP, () => {
      times.push(now());
      return down ? { park: true, delay_seconds: 60, reason: "down" } : done;
    });
    await eventually("it is parked", async () => (await depthOf(broker, CLIP)).parked === 1);
    await pass(59_000);
    await never("it comes early", () => got.length > 1, watch_ms);
    await pass(1_100);
    await eventually("it is parked again", async () => got.length === 2 && (await depthOf(broker, CLIP)).parked === 1);
    down = false;
    await pass(61_000);
    await eventually("it is done", () => isEmpty(broker, CLIP));
    assert.deepEqual(
      got.map(({ attempt }) => attempt),
      [1, 1, 1],
    );
    assertApart(times, 60_000);
  }),
  on("a throw is a retry after one second", async ({ broker, pass, now, watch_ms }) => {
    await broker.publish([clip()]);
    const times: number[] = [];
    const { got } = await collect(broker, CLIP, ({ attempt }) => {
      times.push(now());
      if (attempt === 1) throw new Error("oops");
      return done;
    });
    await eventually("the first attempt", () => isSettled(broker, got, 1));
    await pass(800);
    await never("it comes early", () => got.length > 1, watch_ms);
    await pass(300);
    await eventually("the second attempt", () => got.length === 2);
    assert.equal(got[1]?.attempt, 2);
    assertApart(times, 1000);
  }),
  on("a dead letter keeps message, attempts and reason, and comes no more", async ({ broker, pass, lapse }) => {
    const event = clip("poison");
    await broker.publish([event]);
    const { got } = await collect(broker, CLIP, ({ attempt }) =>
      attempt === 1 ? { retry: true, delay_seconds: 1, reason: "x" } : { dead: true, reason: "cannot be parsed" },
    );
    await eventually("the first attempt", () => isSettled(broker, got, 1));
    await pass(1100);
    const [letter] = await eventually("it is dead", async () => {
      const letters = await broker.deadLetters(CLIP, 10);
      return letters.length > 0 ? letters : null;
    });
    assert.deepEqual(letter?.event, event);
    assert.deepEqual([letter?.attempts, letter?.reason, letter?.queue], [2, "cannot be parsed", CLIP]);
    assert.equal((await depthOf(broker, CLIP)).dead, 1);
    await lapse();
    await never("it comes again", () => got.length > 2);
    assert.deepEqual(await broker.deadLetters("ai.match-plate", 10), []);
  }),
  on("redrive puts dead letters back once, with attempts from the start", async ({ broker, another }) => {
    await broker.publish(["a", "b", "c"].map(clip));
    await broker.publish([eventOf("lpr.detected")]);
    const dead: Settlement = { dead: true, reason: "no" };
    const first = await collect(broker, CLIP, () => dead);
    const other = await collect(broker, "ai.match-plate", () => dead);
    await eventually("all are dead", async () => {
      const depths = await broker.depths();
      return depths.reduce((sum, depth) => sum + depth.dead, 0) === 4;
    });
    await first.stop();
    await other.stop();
    const [letter] = await broker.deadLetters(CLIP, 1);
    assert.equal(await broker.redrive({ id: letter!.id }), 1);
    assert.equal(await broker.redrive({ id: letter!.id }), 0);
    const second = await another();
    const counts = await Promise.all([broker.redrive({ queue: CLIP }), second.redrive({ queue: CLIP })]);
    assert.equal(counts[0] + counts[1], 2);
    assert.equal(await broker.redrive("all"), 1);
    const { got } = await collect(broker, CLIP);
    await eventually("all are done", () => isEmpty(broker, CLIP));
    assert.deepEqual(got.map(nameOf).sort(), ["a", "b", "c"]);
    assert.ok(got.every(({ attempt }) => attempt === 1));
  }),
  on("redrive of those with a reason in common leaves the others dead", async ({ broker }) => {
    await broker.publish(["disk full: 1", "no such camera", "disk full: 2", "100% of a disk"].map(clip));
    const first = await collect(broker, CLIP, (delivery) => ({ dead: true, reason: nameOf(delivery) }));
    await eventually("all are dead", async () => (await depthOf(broker, CLIP)).dead === 4);
    await first.stop();
    assert.equal(await broker.redrive({ queue: CLIP, reason: "disk full" }), 2);
    assert.equal(await broker.redrive({ queue: CLIP, reason: "%" }), 1);
    assert.equal(await broker.redrive({ queue: CLIP, reason: "disk full" }), 0);
    const { got } = await collect(broker, CLIP);
    await eventually("those are done", () => isEmpty(broker, CLIP));
    assert.deepEqual(got.map(nameOf).sort(), ["100% of a disk", "disk full: 1", "disk full: 2"]);
    const [left] = await broker.deadLetters(CLIP, 10);
    assert.deepEqual([left?.reason, (await depthOf(broker, CLIP)).dead], ["no such camera", 1]);
  }),
];

const holding: readonly Check<BrokerBench>[] = [
  on("a message whose consumer died without settling goes to another, no attempt counted", async (bench) => {
    await bench.broker.publish([clip("held")]);
    const first = await collect(bench.broker, CLIP, () => forever);
    await eventually("it is in hand", () => first.got.length === 1);
    await bench.kill();
    const second = await collect(await bench.another(), CLIP);
    await never("it is handed out twice", () => second.got.length > 0);
    await bench.lapse();
    await eventually("the other one gets it", () => second.got.length === 1);
    assert.deepEqual([nameOf(second.got[0]!), second.got[0]!.attempt], ["held", 1]);
  }),
  on("a consumer that stops without settling gives its message back", async ({ broker, another }) => {
    await broker.publish([clip("left")]);
    const first = await collect(broker, CLIP, () => forever);
    await eventually("it is in hand", () => first.got.length === 1);
    await first.stop();
    const second = await collect(await another(), CLIP);
    await eventually("the other one gets it", () => second.got.length === 1);
    assert.equal(second.got[0]?.attempt, 1);
  }),
  on("a stopped consumer is handed nothing more", async ({ broker }) => {
    const { got, stop } = await collect(broker, CLIP);
    await stop();
    await broker.publish([clip()]);
    await never("it gets something", () => got.length > 0);
    assert.equal((await depthOf(broker, CLIP)).waiting, 1);
  }),
  on("a stop waits for what is in hand and about to be settled", async ({ broker }) => {
    await broker.publish([clip()]);
    const gate = Promise.withResolvers<Settlement>();
    const { got, stop } = await collect(broker, CLIP, () => gate.promise);
    await eventually("it is in hand", () => got.length === 1);
    const stopping = stop();
    gate.resolve(done);
    await stopping;
    assert.equal(await isEmpty(broker, CLIP), true);
  }),
  on("who settles after the hold has lapsed changes nothing for the new holder", async ({ broker, another, lapse }) => {
    await broker.publish([clip()]);
    const late = Promise.withResolvers<Settlement>();
    const first = await collect(broker, CLIP, () => late.promise);
    await eventually("the first has it", () => first.got.length === 1);
    const second = await another();
    await lapse();
    const gate = Promise.withResolvers<Settlement>();
    const next = await collect(second, CLIP, () => gate.promise);
    await eventually("somebody has it again", () => first.got.length + next.got.length === 2);
    const tokens = [...first.got, ...next.got].map(({ fencing_token }) => fencing_token);
    assert.ok(tokens[1]! > tokens[0]!, `${tokens.join(", ")} do not grow`);
    late.resolve({ dead: true, reason: "an answer from the past" });
    // It came to the first again: then that answer is one of now, too.
    if (next.got.length === 0)
      return void (await eventually("it is dead", async () => (await depthOf(second, CLIP)).dead === 1));
    await first.stop();
    assert.deepEqual([(await depthOf(second, CLIP)).dead, (await depthOf(second, CLIP)).held], [0, 1]);
    gate.resolve(done);
    await eventually("the new holder's answer counts", () => isEmpty(second, CLIP));
  }),
  on("never more than `parallel` messages are in hand", async ({ broker }) => {
    await broker.publish(Array.from({ length: 12 }, (_, n) => clip(`${n}`)));
    const gates: (() => void)[] = [];
    let inHand = 0;
    let most = 0;
    await collect(broker, CLIP, async () => {
      most = Math.max(most, ++inHand);
      await new Promise<void>((resolve) => void gates.push(resolve));
      inHand--;
      return done;
    });
    await eventually("three are in hand", () => gates.length === 3);
    assert.deepEqual([(await depthOf(broker, CLIP)).held, (await depthOf(broker, CLIP)).waiting], [3, 9]);
    for (let n = 0; n < 12; n++) (await eventually("one is in hand", () => gates.shift()))();
    await eventually("all are done", () => isEmpty(broker, CLIP));
    assert.equal(most, 3);
  }),
  on("the depth tells how long the oldest has been waiting", async ({ broker, pass }) => {
    await broker.publish([clip()]);
    await pass(90_000);
    await broker.publish([clip()]);
    const { waiting, oldest_seconds } = await depthOf(broker, CLIP);
    assert.equal(waiting, 2);
    // Where time is squeezed, a busy machine's moment is long.
    assert.ok(oldest_seconds >= 89 && oldest_seconds < 300, `${oldest_seconds} s`);
  }),
];

export const brokerChecks: readonly Check<BrokerBench>[] = [...publishing, ...settling, ...holding, ...ordering];
