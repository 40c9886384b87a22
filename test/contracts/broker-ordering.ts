/** What is promised of a queue that keeps the order of each key. */
import assert from "node:assert/strict";
import type { CloudEvent } from "#lib/events.ts";
import type { Delivery, Settlement } from "#lib/broker/broker.ts";
import { nameOf, on, done, collect, depthOf, isEmpty, eventOf, type BrokerBench } from "./broker-bench.ts";
import { eventually, never, type Check } from "./check.ts";

const FOLLOW = "streaming.follow";
const step = (name: string, key: string): CloudEvent => eventOf("recording.started", name, key);

export const ordering: readonly Check<BrokerBench>[] = [
  on("where order is asked for, a key's messages come one at a time and in order", async ({ broker, another }) => {
    for (let n = 0; n < 8; n++) await broker.publish(["a", "b", "c"].map((key) => step(`${key}${n}`, key)));
    const inHand: Record<string, number> = {};
    let overlaps = 0;
    const seen: string[] = [];
    const slow = async (delivery: Delivery): Promise<Settlement> => {
      const key = delivery.event.partitionkey!;
      inHand[key] = (inHand[key] ?? 0) + 1;
      if (inHand[key] > 1) overlaps++;
      seen.push(nameOf(delivery));
      await new Promise((resolve) => setTimeout(resolve, 3));
      inHand[key]--;
      return done;
    };
    await collect(broker, FOLLOW, slow);
    await collect(await another(), FOLLOW, slow);
    await eventually("all are done", () => isEmpty(broker, FOLLOW));
    assert.equal(overlaps, 0);
    for (const key of ["a", "b", "c"])
      assert.deepEqual(
        seen.filter((name) => name.startsWith(key)),
        Array.from({ length: 8 }, (_, n) => `${key}${n}`),
      );
  }),
  on("a message that is retried holds back its own key only", async ({ broker, pass, watch_ms }) => {
    await broker.publish([step("a1", "a"), step("a2", "a"), step("b1", "b")]);
    const seen: string[] = [];
    await collect(broker, FOLLOW, (delivery) => {
      seen.push(nameOf(delivery));
      const isFirst = nameOf(delivery) === "a1" && delivery.attempt === 1;
      return isFirst ? { retry: true, delay_seconds: 4, reason: "later" } : done;
    });
    await eventually("the other key goes on", async () => {
      const { waiting, held } = await depthOf(broker, FOLLOW);
      return seen.length > 2 || (waiting === 2 && held === 0);
    });
    await never("its successor overtakes", () => seen.includes("a2"), watch_ms);
    await pass(4100);
    await eventually("all are done", () => isEmpty(broker, FOLLOW));
    assert.deepEqual(
      seen.filter((name) => name.startsWith("a")),
      ["a1", "a1", "a2"],
    );
  }),
  on("a dead message does not hold back its key", async ({ broker }) => {
    await broker.publish([step("a1", "a"), step("a2", "a")]);
    const { got } = await collect(broker, FOLLOW, (delivery) =>
      nameOf(delivery) === "a1" ? { dead: true, reason: "no" } : done,
    );
    await eventually("all are settled", () => isEmpty(broker, FOLLOW));
    assert.deepEqual(got.map(nameOf), ["a1", "a2"]);
  }),
];
