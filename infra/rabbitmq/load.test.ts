import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { planOf } from "#connector/plan.ts";
import { catalogue } from "#functions/catalogue.ts";
import { contracts } from "#infra/derive.ts";
import { connectBroker } from "#lib/broker/connect.ts";
import type { Definitions } from "#lib/broker/rabbitmq/topology.ts";
import { eventOf } from "#test/contracts/broker-bench.ts";
import { refusal } from "#test/contracts/check.ts";
import { isMissing, present, serverFor, titled } from "#test/harness/servers/use.ts";
import { managementOf } from "#test/harness/servers/vhost.ts";
import { definitionsOf, definitionsText } from "./definitions.ts";
import { load } from "./load.ts";

const definitions = definitionsOf(catalogue, contracts);
const { queues } = planOf(catalogue);
const named = (name: string) => definitions.queues.find((queue) => queue.name === name);

test("every queue function has its queue, its delays, its parking and its dead letters", () => {
  for (const { name } of queues)
    for (const suffix of ["", ".retry.1s", ".retry.2s", ".retry.4s", ".park", ".dlq"])
      expect(named(`${name}${suffix}`)?.arguments).toMatchObject({ "x-queue-type": "quorum" });
  expect(named("streaming.cut-clip.retry.2s")?.arguments).toMatchObject({
    "x-dead-letter-exchange": "",
    "x-dead-letter-routing-key": "streaming.cut-clip",
  });
});

test("each policy is about the queues it is meant for, and each queue has one", () => {
  const policyOf = (queue: string) =>
    definitions.policies
      .filter(({ pattern }) => new RegExp(pattern).test(queue))
      .toSorted((a, b) => b.priority - a.priority)[0]?.name;
  expect(policyOf("streaming.cut-clip")).toBe("gt-work");
  expect(policyOf("streaming.cut-clip.retry.4s")).toBe("gt-retry-4s");
  expect(policyOf("streaming.cut-clip.park")).toBe("gt-park");
  expect(policyOf("streaming.cut-clip.dlq")).toBe("gt-dead");
  expect(policyOf("gt-frames-streaming-keep-last-frame")).toBe("gt-frames");
  expect(policyOf("clips")).toBe("gt-named");
  expect(policyOf("clips.dlq")).toBe("gt-named");
  expect(definitions.queues.filter(({ name }) => policyOf(name) === undefined)).toEqual([]);
});

test("nothing is asked for that a newer RabbitMQ refuses, or drops messages by where nothing is said", () => {
  const asked = new Set(definitions.queues.flatMap((queue) => Object.keys(queue.arguments)));
  expect([...asked].toSorted()).toEqual(["x-dead-letter-exchange", "x-dead-letter-routing-key", "x-queue-type"]);
  expect(definitions.queues.filter(({ durable, auto_delete }) => !durable || auto_delete)).toEqual([]);
  // From 4.0 what was returned 20 times is dropped: only what has a consumer is returned.
  const consumed = definitions.queues.filter(
    ({ name, arguments: made }) => made["x-queue-type"] === "quorum" && !/\.(retry\.\ds|park)$/.test(name),
  );
  const isLimited = (queue: string): boolean =>
    definitions.policies.some(
      ({ pattern, definition }) => new RegExp(pattern).test(queue) && definition["delivery-limit"] !== undefined,
    );
  expect(consumed.filter(({ name }) => !isLimited(name))).toEqual([]);
  expect(consumed.length).toBeGreaterThan(queues.length);
});

test("the exchanges that were named hear every event of their context", () => {
  const to = (destination: string) =>
    definitions.bindings.filter((one) => one.destination === destination).map(({ routing_key }) => routing_key);
  expect(to("streaming.events")).toContain("clip.requested");
  expect(to("camera_events")).toEqual(expect.arrayContaining(["camera.created", "city.storage_plan_changed"]));
  expect(to("vision_events")).toContain("lpr.detected");
});

const told = await serverFor("rabbitmq");

describe.skipIf(isMissing(told))(titled("loading into RabbitMQ", "rabbitmq", told), () => {
  const vhost = `load-${randomBytes(4).toString("hex")}`;
  const url = (): string => `${present(told).url}/${vhost}`;
  let said: string[];
  beforeAll(async () => {
    said = await load(present(told).management_url, vhost, definitions);
  });
  afterAll(() => managementOf(present(told).management_url)("DELETE", `/vhosts/${vhost}`));

  test("what serves finds everything it needs, and loading again changes nothing", async () => {
    expect(said).toEqual([expect.stringContaining(`${definitions.queues.length} queues`)]);
    expect(await load(present(told).management_url, vhost, definitions)).toEqual(said);
    const broker = await connectBroker(url(), { queues });
    await broker.publish([eventOf("clip.requested")]);
    const depth = (await broker.depths()).find(({ queue }) => queue === "streaming.cut-clip");
    expect(depth).toMatchObject({ waiting: 1, held: 0, dead: 0 });
    await broker.close();
  });

  test("an event that only a queue of others is bound to is published, not refused", async () => {
    const broker = await connectBroker(url(), { queues: [] });
    await broker.publish([eventOf("city.storage_plan_changed")]);
    expect(await refusal(broker.publish([eventOf("nobody.listens")]))).toBe("invalid");
    await broker.close();
  });

  test("what serves declares nothing: it says which queues are missing", async () => {
    const lacking = connectBroker(url(), { queues: [...queues, { name: "ai.new-verb", types: ["lpr.detected"] }] });
    await expect(lacking).rejects.toThrow(/lacks ai\.new-verb, ai\.new-verb\.retry\.1s.*ai\.new-verb\.dlq/);
  });

  test("a queue that nothing knows any more is told with what it holds, and left alone", async () => {
    const fewer: Definitions = {
      ...definitions,
      queues: definitions.queues.filter(({ name }) => name !== "streaming.cut-clip"),
    };
    const words = await load(present(told).management_url, vhost, fewer);
    expect(words[1]).toMatch(
      /^streaming\.cut-clip is in no definition any more and holds (\d+|an unknown number of) messages$/,
    );
  });
});

test("the file that a broker reads at its start says its virtual host everywhere", () => {
  const file = JSON.parse(definitionsText(definitions, "city")) as Record<string, { vhost: string }[]>;
  for (const part of ["queues", "exchanges", "bindings", "policies"])
    expect(new Set(file[part]!.map(({ vhost }) => vhost))).toEqual(new Set(["city"]));
});
