import { afterAll, beforeAll, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { notificationChannel } from "#lib/wire/console.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";
import { plateCity } from "#test/harness/plates.ts";

let host: TestHost;
beforeAll(async () => {
  host = await testHost(catalogue);
});
afterAll(() => host.close());

test("consoles of the city hear of an acknowledged alert", async () => {
  const { cidade_id, operator, read, watch } = await plateCity(host);
  const heard: { event: string; cidade_id: string }[] = [];
  const listening = await host.cache.subscribe(
    notificationChannel(cidade_id),
    (text) => void heard.push(JSON.parse(text)),
  );
  await watch("ABC1D23");
  await read("ABC1D23");
  const [alert] = (await operator.get(`/api/alerts?cidade_id=${cidade_id}`)).body.items;
  await operator.post(`/api/alerts/${alert.id}/acknowledge`);
  await host.drain();
  await listening.stop();
  expect(heard.filter(({ event }) => event === "alert.acknowledged")).toMatchObject([
    { type: "notification", cidade_id },
  ]);
});
