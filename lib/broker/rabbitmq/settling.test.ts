/** What a consumer does with its messages, over channels that only remember. The real ones are in `test/contracts` and `test/faults`. */
import { EventEmitter } from "node:events";
import type { Channel, ConsumeMessage } from "amqplib";
import { expect, test } from "vitest";
import type { Settlement } from "#lib/broker/broker.ts";
import { AppError } from "#lib/errors.ts";
import { eventOf } from "#test/contracts/broker-bench.ts";
import { eventually, never } from "#test/contracts/check.ts";
import { startConsumer } from "./consumer.ts";
import type { Link } from "./link.ts";
import type { Outgoing } from "./message.ts";

const spec = { name: "streaming.cut-clip", types: ["clip.requested"], parallel: 2 };

/** A line with one channel, into which messages are put by hand. */
const lineOf = () => {
  const acked: number[] = [];
  const consumed = Promise.withResolvers<(message: ConsumeMessage | null) => void>();
  let prefetched = 0;
  const channel = Object.assign(new EventEmitter(), {
    prefetch: async (count: number) => void (prefetched = count),
    consume: async (_: string, on: (message: ConsumeMessage | null) => void) => {
      consumed.resolve(on);
      return { consumerTag: "tag" };
    },
    cancel: async () => undefined,
    ack: (message: ConsumeMessage) => void acked.push(message.fields.deliveryTag),
  });
  const link = {
    keepChannel: (prepare: (channel: Channel) => Promise<void>) => {
      void prepare(channel as unknown as Channel);
      return { now: () => channel, within: async () => channel, renew: () => undefined, end: async () => undefined };
    },
  } as unknown as Link;
  const put = async (
    deliveryTag: number,
    content = Buffer.from(JSON.stringify(eventOf("clip.requested"))),
  ): Promise<void> => {
    const deliver = await consumed.promise;
    deliver({ content, fields: { deliveryTag, redelivered: false }, properties: {} } as ConsumeMessage);
  };
  return { link, put, acked, prefetched: () => prefetched };
};

const consume = (
  line: ReturnType<typeof lineOf>,
  send: (messages: readonly Outgoing[]) => Promise<Outgoing[]>,
  handle: () => Promise<Settlement>,
) =>
  startConsumer({
    link: line.link,
    publisher: { send, end: async () => undefined },
    spec,
    handle,
    pace: { second_ms: 1, drain_ms: 20, now: Date.now },
    on_received: () => undefined,
    on_error: () => undefined,
  });

test("a message is settled only when what follows it is confirmed and in a queue", async () => {
  const line = lineOf();
  const sent: Outgoing[] = [];
  const outcomes: (() => Outgoing[])[] = [
    () => {
      throw new AppError("unavailable", "no confirm");
    },
    () => [...sent],
    () => [],
  ];
  const consumer = consume(
    line,
    async (messages) => {
      sent.push(...messages);
      if (sent.length < 3) expect(line.acked).toEqual([]);
      return outcomes[sent.length - 1]!();
    },
    async () => ({ dead: true, reason: "no" }),
  );
  await line.put(7);
  await eventually("it is settled", () => line.acked.length === 1);
  expect(line.acked).toEqual([7]);
  expect(sent.map(({ key }) => key)).toEqual(Array(3).fill("streaming.cut-clip.dlq"));
  await consumer.stop();
});

test("a stop gives back what it could not settle", async () => {
  const line = lineOf();
  let tries = 0;
  const consumer = consume(
    line,
    async () => {
      tries++;
      throw new AppError("unavailable", "no confirm");
    },
    async () => ({ retry: true, delay_seconds: 1, reason: "busy" }),
  );
  await line.put(1);
  await eventually("it has been tried", () => tries > 0);
  await consumer.stop();
  await never("it is settled", () => line.acked.length > 0, 50);
});

test("what is no event of ours is dead at once, and nobody is asked", async () => {
  const line = lineOf();
  const sent: Outgoing[] = [];
  const consumer = consume(
    line,
    async (messages) => (sent.push(...messages), []),
    () => Promise.reject(new Error("nobody is to be asked")),
  );
  await line.put(1, Buffer.from("not JSON"));
  await line.put(2, Buffer.from('{"an": "object"}'));
  await eventually("both are settled", () => line.acked.length === 2);
  expect(sent.map(({ key, options }) => [key, (options.headers as Record<string, unknown>)["gt-reason"]])).toEqual(
    Array(2).fill(["streaming.cut-clip.dlq", "It is not an event of ours"]),
  );
  expect(String(sent[0]?.content)).toBe("not JSON");
  await consumer.stop();
});

test("it asks for as many as it treats at once", async () => {
  const line = lineOf();
  const consumer = consume(
    line,
    async () => [],
    async () => ({ done: true }),
  );
  await eventually("it has asked", () => line.prefetched() === 2);
  await consumer.stop();
});
