import { afterAll, beforeAll, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";
import { plateCity } from "#test/harness/plates.ts";
import { LprDetected } from "../contract.ts";

let host: TestHost;
beforeAll(async () => {
  host = await testHost(catalogue);
});
afterAll(() => host.close());

const alertsOf = async ({ operator, cidade_id }: Awaited<ReturnType<typeof plateCity>>) =>
  (await operator.get(`/api/alerts?cidade_id=${cidade_id}`)).body.items;

test("a watched plate raises an alert that leads to its read", async () => {
  const city = await plateCity(host);
  await city.watch("ABC1D23", { reason: "veículo furtado" });
  const id = await city.read("ABC1D23");
  expect(await alertsOf(city)).toMatchObject([
    { plate: "ABC1D23", priority: "critical", reason: "veículo furtado", status: "new", read: { id } },
  ]);
});

test("the other layout of the same plate is the same vehicle", async () => {
  const city = await plateCity(host);
  await city.watch("ABC1234");
  await city.read("ABC1C34");
  expect(await alertsOf(city)).toMatchObject([{ plate: "ABC1C34", entry_plate: "ABC1234" }]);
});

test("a message delivered twice raises one alert", async () => {
  const city = await plateCity(host);
  await city.watch("ABC1D23");
  await city.read("ABC1D23");
  const [row] = await host.database
    .owner`select data, id from outbox where type = 'lpr.detected' and cidade_id = ${city.cidade_id}`;
  expect(await host.deliver(host.event(LprDetected, row?.["data"]), "match-plate")).toEqual({ done: true });
  expect(await alertsOf(city)).toHaveLength(1);
  expect(await host.events("alert.triggered")).toHaveLength(0);
});

test("neither an ended entry nor another city's nor an unread plate raises one", async () => {
  const [city, other] = [await plateCity(host), await plateCity(host)];
  await other.watch("ABC1D23");
  const ended = await city.watch("ABC1D23");
  await host.database
    .owner`update watchlist_entries set expires_at = now() - interval '1 minute' where id = ${ended.id}`;
  await city.read("ABC1D23");
  await city.read(null);
  expect(await alertsOf(city)).toEqual([]);
});

test("a message whose read has gone meanwhile raises none: it would lead nowhere", async () => {
  const city = await plateCity(host);
  const id = await city.read("ABC1D23");
  await city.watch("ABC1D23");
  await host.database.owner`delete from lpr_events where id = ${id}`;
  const [row] = await host.database.owner`
    select data from outbox where type = 'lpr.detected' and cidade_id = ${city.cidade_id}`;
  expect(await host.deliver(host.event(LprDetected, row?.["data"]), "match-plate")).toEqual({ done: true });
  expect(await host.database.owner`select 1 from alerts where event_id = ${id}`).toEqual([]);
});
