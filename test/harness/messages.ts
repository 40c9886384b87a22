/** The proofs that every function has which only passes a word on: to an agent, or to the consoles of a city. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type * as z from "zod";
import { catalogue } from "#functions/catalogue.ts";
import type { EventType } from "#lib/events.ts";
import { uuidv7 } from "#lib/ids.ts";
import type { ToAgent } from "#lib/wire/agent.ts";
import { Notification, notificationChannel } from "#lib/wire/console.ts";
import { testHost, type TestHost } from "./host.ts";

const ownHost = (): (() => TestHost) => {
  let host: TestHost | null = null;
  beforeAll(async () => {
    host = await testHost(catalogue);
  });
  afterAll(() => host?.close());
  return () => {
    if (!host) throw new Error("the host is made before the tests");
    return host;
  };
};

const heardOn = async (host: TestHost, channel: string, work: () => Promise<unknown>): Promise<unknown[]> => {
  const heard: unknown[] = [];
  const listening = await host.cache.subscribe(channel, (text) => void heard.push(JSON.parse(text ?? "null")));
  await work().finally(() => listening.stop());
  return heard;
};

const deliverTwice = async (host: TestHost, event: ReturnType<TestHost["event"]>, name: string): Promise<void> => {
  for (const attempt of [1, 2]) expect(await host.deliver(event, name, attempt)).toEqual({ done: true });
};

/** `hears`: what an agent hears, as the end of "an agent hears at once …". */
export const proveHint = <T extends z.ZodObject>(
  name: string,
  hears: string,
  event: EventType<T>,
  dataFor: (agent_id: string | null) => z.input<T>,
  word: ToAgent["type"] = "desired_state_changed",
): void => {
  const host = ownHost();
  const channel = (agent_id: string): string => `agents:${agent_id}`;

  test(`an agent hears at once ${hears}, and no other agent hears of it`, async () => {
    const [meant, other] = [uuidv7(), uuidv7()];
    const told = host().event(event, dataFor(meant));
    const toOther = await heardOn(host(), channel(other), async () => {
      const heard = await heardOn(host(), channel(meant), () => host().deliver(told, name));
      expect(heard).toEqual([{ type: word }]);
    });
    expect(toOther).toEqual([]);
  });

  test("a second delivery only asks the agent to look again: nothing is kept", async () => {
    const agent_id = uuidv7();
    const told = host().event(event, dataFor(agent_id));
    const heard = await heardOn(host(), channel(agent_id), () => deliverTwice(host(), told, name));
    expect(new Set(heard.map((message) => JSON.stringify(message))).size).toBe(1);
    expect(await host().events()).toEqual([]);
  });

  if (!event.data.safeParse(dataFor(null)).success) return;
  test("what has no agent concerns none", async () => {
    const heard = await heardOn(host(), channel("null"), async () => {
      expect(await host().deliver(host().event(event, dataFor(null)), name)).toEqual({ done: true });
    });
    expect(heard).toEqual([]);
  });
};

/** `hear`: what they hear, as the end of "consoles of the city hear …". `shown`: the part of the data that they are told. */
export const proveNotification = <T extends z.ZodObject>(
  name: string,
  hear: string,
  event: EventType<T>,
  dataOf: (cidade_id: string) => z.input<T>,
  told: { event: Notification["event"]; shown: (data: z.input<T>) => Record<string, unknown> },
): void => {
  const host = ownHost();
  test(`consoles of the city hear ${hear}; those of another city hear nothing, and a second delivery carries the same id`, async () => {
    const [cidade_id, other] = [uuidv7(), uuidv7()];
    const data = dataOf(cidade_id);
    const message = host().event(event, data);
    const elsewhere = await heardOn(host(), notificationChannel(other), async () => {
      const heard = await heardOn(host(), notificationChannel(cidade_id), () => deliverTwice(host(), message, name));
      const notification = {
        type: "notification",
        id: message.id,
        cidade_id,
        event: told.event,
        data: told.shown(data),
      };
      expect(heard).toEqual([notification, notification]);
      expect(Notification.parse(notification)).toEqual(notification);
    });
    expect(elsewhere).toEqual([]);
    expect(await host().events()).toEqual([]);
  });
};
