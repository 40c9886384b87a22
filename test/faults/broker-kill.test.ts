/** A RabbitMQ of its own that is alarmed, whose channels end, and that is killed again and again. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { measureRoom } from "#connector/outbox-room.ts";
import { relayBatch, relayCounts, startRelay } from "#connector/relay.ts";
import { catalogue } from "#functions/catalogue.ts";
import type { Broker, Delivery, Settlement } from "#lib/broker/broker.ts";
import { rabbitmqBroker } from "#lib/broker/rabbitmq.ts";
import { topologyOf } from "#lib/broker/rabbitmq/topology.ts";
import { definitionsText } from "#infra/rabbitmq/definitions.ts";
import { AppError } from "#lib/errors.ts";
import { noLog } from "#lib/log.ts";
import { eventOf, queues } from "#test/contracts/broker-bench.ts";
import { eventually } from "#test/contracts/check.ts";
import { testHost } from "#test/harness/host.ts";
import { plateCity } from "#test/harness/plates.ts";
import { findServer } from "#test/harness/servers/available.ts";
import { startRabbitmq, type RabbitmqServer } from "#test/harness/servers/rabbitmq.ts";
import { isMissing, serverFor, titled } from "#test/harness/servers/use.ts";

const told = await serverFor("rabbitmq");
const CLIP = "streaming.cut-clip";
/** What cameras post is heard here. */
const POSTED = { name: "ai.parse-lpr-event", types: ["lpr.posted"] };
const everyQueue = [...queues, POSTED];
const WATERMARK = 10;
const KILLS = 10;
const clip = (name = "") => eventOf("clip.requested", name);
const done: Settlement = { done: true };

/** Each word to `rabbitmqctl` starts a virtual machine: seconds, on a busy machine many. */
const TIMEOUT_MS = 120_000;

describe.skipIf(isMissing(told))(titled("broker: rabbitmq itself", "rabbitmq", told), { timeout: TIMEOUT_MS }, () => {
  let server: RabbitmqServer;
  const opened: Broker[] = [];
  beforeAll(async () => {
    const found = await findServer("rabbitmq", () => undefined);
    if ("missing" in found) throw new Error(found.missing);
    const definitions = definitionsText(topologyOf(everyQueue));
    // An alarm is heard of at once, and nothing but what is tested here costs its start.
    server = await startRabbitmq({ binary: found.binary, definitions, management: false });
  });
  afterAll(() => server.stop());
  afterEach(() => Promise.all(opened.splice(0).map((broker) => broker.close())));

  const open = async (): Promise<Broker> => {
    const broker = await rabbitmqBroker(server.url, {
      queues: everyQueue,
      on_error: () => undefined,
      pace: { drain_ms: 100 },
    });
    opened.push(broker);
    return broker;
  };
  const waitingOf = async (broker: Broker): Promise<number> =>
    (await broker.depths()).find(({ queue }) => queue === CLIP)!.waiting;

  test("a channel that the server closes while its line stays up comes back, and its consumer goes on", async () => {
    const broker = await open();
    const got: Delivery[] = [];
    const late = Promise.withResolvers<Settlement>();
    await broker.consume(
      CLIP,
      (delivery) => (got.push(delivery), got.length === 1 ? late.promise : Promise.resolve(done)),
    );
    await broker.publish([clip("held")]);
    await eventually("it is in hand", () => got.length === 1);
    const lines = await server.ctl("list_connections", "pid");
    // An acknowledgement of what was never delivered: the server answers 406 and closes that channel, and no other.
    await server.ctl(
      "eval",
      "[rabbit_channel:do(P, {'basic.ack', 999999, false}) || [{pid, P}, {consumer_count, 1}] <- rabbit_channel:info_all([pid, consumer_count])].",
    );
    await eventually("what was held comes again", () => got.length === 2, 5000);
    late.resolve({ dead: true, reason: "an answer from the past" });
    await broker.publish([clip("later")]);
    await eventually("the consumer goes on", () => got.length === 3, 5000);
    expect(await server.ctl("list_connections", "pid")).toBe(lines);
    expect(got.map(({ event }) => event.data["name"])).toEqual(["held", "held", "later"]);
    expect(await broker.deadLetters(CLIP, 1)).toEqual([]);
  });

  test("an alarm refuses what is published at once, what is held is settled meanwhile, and all goes on after it", async () => {
    const broker = await open();
    const got: Delivery[] = [];
    const gate = Promise.withResolvers<Settlement>();
    await broker.consume(
      CLIP,
      (delivery) => (got.push(delivery), got.length === 1 ? gate.promise : Promise.resolve(done)),
    );
    await broker.publish([clip("held")]);
    await eventually("it is in hand", () => got.length === 1);
    await server.ctl("set_vm_memory_high_watermark", "absolute", "1MB");
    // The server says so to whoever publishes next.
    await expect(broker.publish([clip("first")])).rejects.toMatchObject({
      code: "unavailable",
      reason: "broker.blocked",
    });
    const refusals = await Promise.allSettled(Array.from({ length: 100 }, () => broker.publish([clip()])));
    for (const one of refusals)
      expect(one).toMatchObject({ status: "rejected", reason: { reason: "broker.blocked", retryAfterSeconds: 5 } });
    gate.resolve({ retry: true, delay_seconds: 1, reason: "its delay cannot be published yet" });
    await server.ctl("set_vm_memory_high_watermark", "absolute", "1GB");
    await eventually(
      "it takes again",
      () =>
        broker.publish([clip("after")]).then(
          () => true,
          () => false,
        ),
      10_000,
    );
    await eventually("the retry has come", () => got.some(({ attempt }) => attempt === 2), 10_000);
    await eventually("all is done", async () => (await waitingOf(broker)) === 0);
    expect(await broker.deadLetters(CLIP, 1)).toEqual([]);
  });

  test("while an alarm lasts posts are taken into the outbox, from its watermark on refused with 503, and all go out after it", async () => {
    const host = await testHost(catalogue);
    const { camera } = await plateCity(host);
    const { system } = host.database;
    const broker = await open();
    const post = (n: number) =>
      camera.post("/api/lpr/events", { plate: "ABC1D23", event_id: `${n}`, detected_at: host.clock().toISOString() });
    await server.ctl("set_vm_memory_high_watermark", "absolute", "1MB");
    let taken = 0;
    for (let status = 202; status === 202;) {
      await measureRoom(system, WATERMARK);
      const answer = await post(taken);
      ({ status } = answer);
      if (status === 202) expect(++taken).toBeLessThan(10 * WATERMARK);
      else expect([status, answer.headers.get("retry-after"), answer.body.reason]).toEqual([503, "30", "outbox.full"]);
      await expect(relayBatch(system, broker, WATERMARK)).rejects.toMatchObject({ reason: "broker.blocked" });
    }
    expect(taken).toBeGreaterThanOrEqual(WATERMARK);
    expect((await relayCounts(system)).unpublished).toBe(taken);
    await server.ctl("set_vm_memory_high_watermark", "absolute", "1GB");
    const relay = startRelay({ sql: system, broker, log: noLog });
    await eventually("all are out", async () => (await relayCounts(system)).unpublished === 0, 20_000);
    await measureRoom(system, WATERMARK);
    expect((await post(taken)).status).toBe(202);
    const seen = new Set<string>();
    await (await open()).consume(POSTED.name, async ({ event }) => (seen.add(event.id), done));
    await eventually("all have come", () => seen.size === taken + 1, 20_000);
    await relay.stop();
    await host.close();
  });

  test(`killed ${KILLS} times under load, it loses nothing that it confirmed`, { timeout: 600_000 }, async () => {
    const [publisher, consumer] = [await open(), await open()];
    const seen = new Map<string, number>();
    const tokens = new Map<string, number[]>();
    await consumer.consume(CLIP, async ({ event, fencing_token }) => {
      seen.set(event.id, (seen.get(event.id) ?? 0) + 1);
      tokens.set(event.id, [...(tokens.get(event.id) ?? []), fencing_token]);
      return done;
    });
    const confirmed = new Set<string>();
    let isOver = false;
    let unknown = 0;
    const load = async (): Promise<void> => {
      for (let n = 0; !isOver; n++) {
        const event = clip(`${n}`);
        try {
          await publisher.publish([event]);
          confirmed.add(event.id);
        } catch (error) {
          if (!(error instanceof AppError) || error.code !== "unavailable") throw error;
          unknown++;
        }
      }
    };
    const loads = Promise.all(Array.from({ length: 8 }, load));
    loads.catch(() => undefined);
    for (let kill = 0; kill < KILLS; kill++) {
      const before = confirmed.size;
      await eventually("it confirms", () => confirmed.size > before + 50, 30_000);
      await server.kill();
      await server.start();
    }
    const before = seen.size;
    await eventually("it goes on after the last", () => seen.size > before + 50, 30_000);
    isOver = true;
    await loads;
    await eventually("all that was confirmed is done", async () => [...confirmed].every((id) => seen.has(id)), 30_000);
    expect(unknown).toBeGreaterThan(0);
    expect(await consumer.deadLetters(CLIP, 1)).toEqual([]);
    const again = [...tokens.values()].filter((all) => all.length > 1);
    expect(again.filter((all) => all.some((token, n) => n > 0 && token <= all[n - 1]!))).toEqual([]);
  });
});
