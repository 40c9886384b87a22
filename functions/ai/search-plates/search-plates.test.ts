import { afterAll, beforeAll, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";
import { plateCity } from "#test/harness/plates.ts";

let host: TestHost;
beforeAll(async () => {
  host = await testHost(catalogue);
});
afterAll(() => host.close());

const purpose = "stolen_vehicle";
const plates = ({ body }: { body: { items: { plate: string }[] } }): string[] => body.items.map(({ plate }) => plate);

test("plates are found exactly, by prefix and by wildcards, newest first", async () => {
  const { cidade_id, operator, read } = await plateCity(host);
  const start = host.clock().getTime() - 60_000;
  for (const [index, plate] of ["ABC1D23", "ABC1D24", "XYZ9876", "ABD1D23"].entries()) {
    await read(plate, { detected_at: new Date(start + index * 1000).toISOString() });
  }
  const find = (plate: string) => operator.post("/api/plates/search", { cidade_ids: [cidade_id], plate, purpose });
  expect(plates(await find("abc-1d23"))).toEqual(["ABC1D23"]);
  expect(plates(await find("ABC*"))).toEqual(["ABC1D24", "ABC1D23"]);
  expect(plates(await find("AB*"))).toEqual(["ABD1D23", "ABC1D24", "ABC1D23"]);
  expect(plates(await find("AB?1D23"))).toEqual(["ABD1D23", "ABC1D23"]);
  expect(plates(await find("*76"))).toEqual(["XYZ9876"]);
  expect(plates(await find("ZZZ9Z99"))).toEqual([]);
});

test("several cities are searched at once, those of the caller only", async () => {
  const [one, two] = [await plateCity(host), await plateCity(host)];
  await one.read("QWE1R23");
  await two.read("QWE1R23");
  const both = await host.as(["plates.search"], [one.cidade_id, two.cidade_id]);
  const body = { cidade_ids: [one.cidade_id, two.cidade_id], plate: "QWE*", purpose, limit: 1 };
  const first = await both.post("/api/plates/search", body);
  const second = await both.post("/api/plates/search", { ...body, cursor: first.body.next_cursor });
  const cities = [...first.body.items, ...second.body.items].map((item: { cidade_id: string }) => item.cidade_id);
  expect(cities.toSorted()).toEqual([one.cidade_id, two.cidade_id].toSorted());
  expect((await one.operator.post("/api/plates/search", body)).status).toBe(404);
});

test("a search without a purpose, or without the number it needs, is refused", async () => {
  const { cidade_id, operator } = await plateCity(host);
  const body = { cidade_ids: [cidade_id], plate: "ABC1D23" };
  expect((await operator.post("/api/plates/search", body)).status).toBe(400);
  expect(await operator.post("/api/plates/search", { ...body, purpose: "court_order" })).toMatchObject({
    status: 422,
    body: { reason: "purpose.reference_required" },
  });
  const named = { ...body, purpose: "court_order", purpose_reference: "0001234-56.2026.8.26.0001" };
  expect((await operator.post("/api/plates/search", named)).status).toBe(200);
});

test("who searched for what, and why, is kept", async () => {
  const { cidade_id, operator } = await plateCity(host);
  await operator.post("/api/plates/search", { cidade_ids: [cidade_id], plate: "KEP7T11", purpose });
  const rows = (await host.audit()).filter((row) => row.object_id === "KEP7T11");
  expect(rows).toMatchObject([{ action: "search-plates", actor_id: operator.id, purpose, cidade_id, result: "done" }]);
});

test("a pattern that would read everything is refused with the reason", async () => {
  const { cidade_id, operator } = await plateCity(host);
  const answer = await operator.post("/api/plates/search", { cidade_ids: [cidade_id], plate: "A?C?E?G", purpose });
  expect(answer).toMatchObject({ status: 422, body: { reason: "plate.pattern_pairs" } });
});

test("seeing plates is not searching them", async () => {
  const { cidade_id } = await plateCity(host);
  const viewer = await host.as(["plates.view"], [cidade_id]);
  const answer = await viewer.post("/api/plates/search", { cidade_ids: [cidade_id], plate: "ABC1D23", purpose });
  expect(answer.status).toBe(403);
});
