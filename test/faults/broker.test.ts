/** RabbitMQ's lines, its refusals and what its consumers meet. What concerns the broker as a whole: `broker-kill.test.ts`. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { connect } from "amqplib";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startDeliveries } from "#connector/deliver.ts";
import { relayBatch } from "#connector/relay.ts";
import type { Broker, Delivery, Settlement } from "#lib/broker/broker.ts";
import { rabbitmqBroker } from "#lib/broker/rabbitmq.ts";
import { outgoing } from "#lib/broker/rabbitmq/message.ts";
import { topologyOf, type Definitions } from "#lib/broker/rabbitmq/topology.ts";
import { withTenant } from "#lib/db/transaction.ts";
import { uuidv7 } from "#lib/ids.ts";
import { noLog } from "#lib/log.ts";
import { eventOf, queues } from "#test/contracts/broker-bench.ts";
import { eventually } from "#test/contracts/check.ts";
import { testDatabase } from "#test/harness/database.ts";
import { startFaultProxy } from "#test/harness/fault-proxy.ts";
import { isMissing, present, serverFor, titled } from "#test/harness/servers/use.ts";
import { testVhost, type Vhost } from "#test/harness/servers/vhost.ts";

const told = await serverFor("rabbitmq");
const CLIP = "streaming.cut-clip";
const clip = (name = "") => eventOf("clip.requested", name);
const done: Settlement = { done: true };

describe.skipIf(isMissing(told))(titled("broker: rabbitmq", "rabbitmq", told), () => {
  let vhost: Vhost;
  const opened: Broker[] = [];
  const ends: (() => Promise<void>)[] = [];
  beforeAll(async () => {
    vhost = await testVhost(present(told), topologyOf(queues, { delivery_limit: 5 }));
  });
  afterAll(() => vhost.remove());
  beforeEach(() => async () => {
    await Promise.all(opened.splice(0).map((broker) => broker.close()));
    for (const end of ends.splice(0)) await end();
    await vhost.purge();
  });

  const open = async (url = vhost.url, specs = queues): Promise<Broker> => {
    const broker = await rabbitmqBroker(url, { queues: specs, on_error: () => undefined, pace: { drain_ms: 100 } });
    opened.push(broker);
    return broker;
  };
  const lineTo = async (url: string) => {
    const { hostname, port } = new URL(url);
    const line = await startFaultProxy({ host: hostname, port: Number(port) });
    ends.push(() => line.close());
    return { line, url: line.through(url) };
  };
  const depthOf = async (broker: Broker, queue = CLIP) =>
    (await broker.depths()).find((depth) => depth.queue === queue)!;

  test("a confirm that never arrives is `unavailable` in 5 s; the row stays in the outbox and goes out again", async () => {
    const db = await testDatabase();
    const { line, url } = await lineTo(vhost.url);
    const deaf = await open(url);
    const id = uuidv7();
    await withTenant(db.app, [], "write", async (tx) => {
      await tx`
        insert into outbox (id, type, version, correlation_id, data)
        values (${id}, 'clip.requested', 1, 'corr', ${tx.json({ name: "once" })})`;
    });
    line.swallow("to_client");
    await expect(relayBatch(db.system, deaf, 10)).rejects.toMatchObject({
      code: "unavailable",
      reason: "broker.unconfirmed",
    });
    expect(await db.system`select id from outbox where published_at is null`).toEqual([{ id }]);
    line.refuse(true);
    line.reset();
    const broker = await open();
    expect(await relayBatch(db.system, broker, 10)).toMatchObject({ taken: 1, refused: [] });
    const got: string[] = [];
    await broker.consume(CLIP, async ({ event }) => (got.push(event.id), done));
    // It had arrived the first time too: the inbox knows it by its id.
    await eventually("both have come", () => got.length === 2);
    expect(new Set(got)).toEqual(new Set([id]));
    await deaf.close();
    await db.close();
  });

  test("a line that has gone silent is given up: another gets what was held on it, and it comes back", async () => {
    const { line, url } = await lineTo(`${vhost.url}?heartbeat=1`);
    const [silent, other] = [await open(url), await open()];
    const late = Promise.withResolvers<Settlement>();
    const first: Delivery[] = [];
    await silent.consume(
      CLIP,
      (delivery) => (first.push(delivery), first.length === 1 ? late.promise : Promise.resolve(done)),
    );
    await other.publish([clip("held")]);
    await eventually("it is in hand", () => first.length === 1);
    line.freeze();
    const second: Delivery[] = [];
    const consumer = await other.consume(CLIP, async (delivery) => (second.push(delivery), done));
    await eventually("the other gets it", () => second.length === 1, 10_000);
    expect(second[0]!.fencing_token).toBeGreaterThan(first[0]!.fencing_token);
    late.resolve({ dead: true, reason: "an answer from the past" });
    await consumer.stop();
    line.thaw();
    await other.publish([clip("later")]);
    await eventually("the first consumes again", () => first.length === 2, 10_000);
    expect((await depthOf(other)).dead).toBe(0);
  });

  test("while it cannot be reached counts are refused, and nobody waits for ever", async () => {
    const { line, url } = await lineTo(vhost.url);
    const broker = await open(url);
    line.refuse(true);
    line.reset();
    await eventually(
      "its end is noticed",
      async () => {
        const refusal = await broker.depths().catch((error: unknown) => error);
        return (refusal as { reason?: string }).reason === "broker.unreachable";
      },
      10_000,
    );
    await expect(broker.redrive("all")).rejects.toMatchObject({ code: "unavailable", reason: "broker.unreachable" });
    line.refuse(false);
    await eventually("they are told again", () => broker.depths().catch(() => null), 10_000);
  });

  test("what a missing binding would swallow is refused with its types; the rest of the batch is in", async () => {
    const whole = topologyOf(queues);
    const lacking: Definitions = {
      ...whole,
      bindings: whole.bindings.filter(({ routing_key }) => routing_key !== "recording.started"),
    };
    const own = await testVhost(present(told), lacking);
    ends.push(() => own.remove());
    const broker = await open(own.url);
    const refused = broker.publish([clip("in"), eventOf("recording.started")]);
    await expect(refused).rejects.toMatchObject({
      reason: "broker.unroutable",
      params: { types: "recording.started" },
    });
    expect((await depthOf(broker)).waiting).toBe(1);
  });

  test("a queue that is full refuses, and what others publish meanwhile is in", async () => {
    const whole = topologyOf(queues);
    const tight: Definitions = {
      ...whole,
      policies: whole.policies.map((policy) =>
        policy.name === "gt-work" ? { ...policy, definition: { ...policy.definition, "max-length": 1 } } : policy,
      ),
    };
    const own = await testVhost(present(told), tight);
    ends.push(() => own.remove());
    const broker = await open(own.url);
    // It overshoots a little: how many it takes is its own matter.
    let taken = 0;
    const refusal = await eventually("it refuses", async () => {
      const outcome = await broker.publish([clip()]).catch((error: unknown) => error);
      if (outcome === undefined) taken++;
      return outcome;
    });
    expect(refusal).toMatchObject({ code: "unavailable", reason: "broker.unconfirmed" });
    await broker.publish([eventOf("recording.started", "beside", "a")]);
    expect((await depthOf(broker)).waiting).toBe(taken);
  });

  test(
    "a message that ends its consumer is alone among the dead; its neighbours are done",
    { timeout: 90_000 },
    async () => {
      const broker = await open();
      const names = Array.from({ length: 40 }, (_, n) => `n${n}`);
      await broker.publish([...names.slice(0, 2), "poison", ...names.slice(2)].map(clip));
      const through = new Set<string>();
      const runChild = async (): Promise<void> => {
        const child = fork(join(import.meta.dirname, "broker-child.ts"), [vhost.url, CLIP], { stdio: "ignore" });
        child.on("message", ({ done: name }: { done: string }) => void through.add(name));
        const gone = once(child, "exit");
        const isDone = eventually(
          "it ends, or all is done",
          async () => {
            const { waiting, dead } = await depthOf(broker);
            return child.signalCode !== null || (waiting === 0 && dead === 1 && through.size === names.length);
          },
          30_000,
        );
        await isDone;
        child.kill("SIGTERM");
        await gone;
      };
      let starts = 0;
      while ((await depthOf(broker)).dead === 0 || through.size < names.length) {
        await runChild();
        expect(++starts).toBeLessThan(20);
      }
      const letters = await broker.deadLetters(CLIP, 10);
      expect(letters.map(({ event }) => event.data["name"])).toEqual(["poison"]);
      expect(letters[0]?.reason).toBe("Its holder went away too often");
      expect([...through].toSorted()).toEqual(names.toSorted());
      expect((await depthOf(broker)).waiting).toBe(0);
    },
  );

  test("a function that always fails is asked at 0, 1, 3 and 7 s of real time, then its message is dead", async () => {
    const broker = await open();
    const asked: number[] = [];
    const deliveries = await startDeliveries({
      broker,
      queues: [{ name: CLIP, timeout_seconds: 60 }],
      deliver: async () => {
        asked.push(performance.now());
        return { status: 500, final: false, reason: "cannot cut" };
      },
      log: noLog,
    });
    await broker.publish([clip()]);
    const [letter] = await eventually(
      "it is dead",
      async () => {
        const letters = await broker.deadLetters(CLIP, 1);
        return letters.length > 0 ? letters : null;
      },
      15_000,
    );
    const times = asked.map((at) => (at - asked[0]!) / 1000);
    expect(times).toHaveLength(4);
    for (const [n, planned] of [0, 1, 3, 7].entries()) expect(Math.abs(times[n]! - planned)).toBeLessThan(0.5);
    expect(letter).toMatchObject({ attempts: 4, reason: "failed 4 times, last with 500: cannot cut" });
    await deliveries.stop();
  });

  /** So many dead letters, each with its reason. */
  const bury = async (count: number, reasonOf: (n: number) => string): Promise<void> => {
    const line = await connect(vhost.url);
    const channel = await line.createConfirmChannel();
    for (let n = 0; n < count; n++) {
      const death = { reason: reasonOf(n), attempts: 4, died_ms: Date.now() };
      const counted = { attempt: 4, hops: 4, published_ms: 0 };
      const { key, content, options } = outgoing("", `${CLIP}.dlq`, clip(`${n}`), counted, death);
      channel.publish("", key, content, options);
    }
    await channel.waitForConfirms();
    await line.close();
  };

  test("of 10 000 dead letters that two redrive at once, each is back once", { timeout: 90_000 }, async () => {
    const count = 10_000;
    await bury(count, () => "no");
    const [one, two] = [await open(), await open()];
    const counts = await Promise.all([one.redrive({ queue: CLIP }), two.redrive({ queue: CLIP })]);
    expect(counts[0] + counts[1]).toBe(count);
    expect(Math.min(...counts)).toBeGreaterThan(0);
    const seen = new Map<string, number>();
    const attempts = new Set<number>();
    const wide = await open(
      vhost.url,
      queues.map((spec) => ({ ...spec, parallel: 200 })),
    );
    await wide.consume(CLIP, async ({ event, attempt }) => {
      seen.set(event.id, (seen.get(event.id) ?? 0) + 1);
      attempts.add(attempt);
      return done;
    });
    await eventually("all are done", async () => seen.size === count && (await depthOf(wide)).waiting === 0, 30_000);
    expect([...seen.values()].every((times) => times === 1)).toBe(true);
    expect([...attempts]).toEqual([1]);
    expect((await depthOf(wide)).dead).toBe(0);
  });

  test(
    "of 4000 those with a reason in common are found in one look at all, and no other is put back",
    { timeout: 60_000 },
    async () => {
      await bury(4000, (n) => (n % 2 === 0 ? "disk full" : "no such camera"));
      const broker = await open();
      expect(await broker.redrive({ queue: CLIP, reason: "disk full" })).toBe(2000);
      await eventually("the others lie where they lay", async () => (await depthOf(broker)).dead === 2000);
      expect((await depthOf(broker)).waiting).toBe(2000);
      expect(new Set((await broker.deadLetters(CLIP, 4000)).map(({ reason }) => reason))).toEqual(
        new Set(["no such camera"]),
      );
    },
  );
});
