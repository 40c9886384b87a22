import { afterAll, beforeAll, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";
import { plateCity } from "#test/harness/plates.ts";
import { LprCorrected } from "../contract.ts";

let host: TestHost;
beforeAll(async () => {
  host = await testHost(catalogue);
});
afterAll(() => host.close());

type City = Awaited<ReturnType<typeof plateCity>>;
const corrected = async ({ cidade_id, camera }: City, event_id: string, plate: string | null) => {
  const [row] = await host.database.owner<
    { captured_at: Date }[]
  >`select captured_at from lpr_events where id = ${event_id}`;
  const captured_at = row?.captured_at.toISOString() ?? "";
  const data = { event_id, cidade_id, camera_id: camera.id, plate, previous_plate: null, confidence: 0.9, captured_at };
  return host.event(LprCorrected, { ...data, source: "camera", by: "looks" });
};
const alertsOf = async ({ operator, cidade_id }: City) =>
  (await operator.get(`/api/alerts?cidade_id=${cidade_id}`)).body.items;

test("what a read says now is matched in either layout, and the message delivered twice raises one alert", async () => {
  const city = await plateCity(host);
  await city.watch("ABC1234");
  const message = await corrected(city, await city.read("ABC1O34"), "ABC1C34");
  for (const _ of [1, 2]) expect(await host.deliver(message, "match-corrected-plate")).toEqual({ done: true });
  expect(await alertsOf(city)).toMatchObject([{ plate: "ABC1C34", entry_plate: "ABC1234" }]);
});

test("an entry that its passage has met already is not met again, another one is", async () => {
  const city = await plateCity(host);
  await city.watch("ABC1D23");
  const id = await city.read("ABC1D23");
  await city.watch("ABC1D24");
  await host.deliver(await corrected(city, id, "ABC1D24"), "match-corrected-plate");
  await host.deliver(await corrected(city, id, "ABC1D23"), "match-corrected-plate");
  expect((await alertsOf(city)).map(({ plate }: { plate: string }) => plate)).toEqual(["ABC1D24", "ABC1D23"]);
});

test("neither an unread plate nor another city's entry raises one", async () => {
  const [city, other] = [await plateCity(host), await plateCity(host)];
  await other.watch("ABC1D23");
  const id = await city.read("ABC1O23");
  await host.deliver(await corrected(city, id, "ABC1D23"), "match-corrected-plate");
  await host.deliver(await corrected(city, id, null), "match-corrected-plate");
  expect(await alertsOf(city)).toEqual([]);
});
