import { afterAll, beforeAll, expect, test } from "vitest";
import { uuidv7 } from "#lib/ids.ts";
import { notificationChannel, Notification } from "#lib/wire/console.ts";
import { catalogue } from "#functions/catalogue.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";
import { RecordingStopped } from "../contract.ts";

let host: TestHost;
beforeAll(async () => {
  host = await testHost(catalogue);
});
afterAll(() => host.close());

test("consoles of the city hear that a camera is no longer recorded; those of another city hear nothing, and a second delivery carries the same id", async () => {
  const [cidade_id, other] = [uuidv7(), uuidv7()];
  const heard: [string, unknown][] = [];
  const listening = await Promise.all(
    [cidade_id, other].map((city) =>
      host.cache.subscribe(notificationChannel(city), (text) => void heard.push([city, JSON.parse(text)])),
    ),
  );
  const data = { recording_id: uuidv7(), camera_id: uuidv7(), cidade_id, agent_id: null };
  const told = host.event(RecordingStopped, data);
  expect(await host.deliver(told, "notify-recording-stopped")).toEqual({ done: true });
  expect(await host.deliver(told, "notify-recording-stopped", 2)).toEqual({ done: true });
  await Promise.all(listening.map((one) => one.stop()));
  const notification = { type: "notification", id: told.id, cidade_id, event: "recording.stopped", data };
  expect(heard).toEqual([
    [cidade_id, notification],
    [cidade_id, notification],
  ]);
  expect(Notification.parse(notification)).toEqual(notification);
});
