import { afterAll, beforeAll, expect, test } from "vitest";
import { notificationChannel } from "#lib/wire/console.ts";
import { uuidv7 } from "#lib/ids.ts";
import { catalogue } from "#functions/catalogue.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";
import { ProbeFinished } from "../contract.ts";

let host: TestHost;
beforeAll(async () => {
  host = await testHost(catalogue);
});
afterAll(() => host.close());

const heardIn = async (cidade_id: string, work: () => Promise<unknown>): Promise<unknown[]> => {
  const heard: unknown[] = [];
  const channel = notificationChannel(cidade_id);
  const listening = await host.cache.subscribe(channel, (text) => void heard.push(JSON.parse(text)));
  await work().finally(() => listening.stop());
  return heard;
};

test("consoles of the city hear that a probe has its answer; those of another city hear nothing, and a second delivery carries the same id", async () => {
  const [cidade_id, other] = [uuidv7(), uuidv7()];
  const data = { probe_id: uuidv7() };
  const told = host.event(ProbeFinished, { cidade_id, ...data });
  const elsewhere = await heardIn(other, async () => {
    const heard = await heardIn(cidade_id, async () => {
      expect(await host.deliver(told, "notify-camera-probed")).toEqual({ done: true });
      expect(await host.deliver(told, "notify-camera-probed", 2)).toEqual({ done: true });
    });
    const notification = { type: "notification", id: told.id, cidade_id, event: "camera.probed", data };
    expect(heard).toEqual([notification, notification]);
  });
  expect(elsewhere).toEqual([]);
  expect(await host.events()).toEqual([]);
});
