import { afterAll, beforeAll, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { isOneConnection } from "#test/harness/database.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";
import { plateCity } from "#test/harness/plates.ts";

let host: TestHost;
beforeAll(async () => {
  host = await testHost(catalogue);
});
afterAll(() => host.close());

type City = Awaited<ReturnType<typeof plateCity>>;
const correct = ({ operator }: City, id: string, plate: string | null, reason = "visto na imagem") =>
  operator.post(`/api/plates/${id}/corrections`, { plate, reason });
const find = async ({ operator, cidade_id }: City, plate: string): Promise<string[]> => {
  const asked = { cidade_ids: [cidade_id], plate, purpose: "system_check" };
  return (await operator.post("/api/plates/search", asked)).body.items.map(({ id }: { id: string }) => id);
};
const alertsOf = async (city: City) => {
  await host.drain();
  return (await city.operator.get(`/api/alerts?cidade_id=${city.cidade_id}`)).body.items;
};
const mark = (id: string) => host.database.owner`update lpr_events set needs_review = true where id = ${id}`;

test("the read stays as it was, the last correction counts, and all of them are kept with their reasons", async () => {
  const city = await plateCity(host);
  const id = await city.read("ABC1O23");
  expect(await correct(city, id, "abc-1e23", "primeiro olhar")).toMatchObject({
    status: 201,
    body: { plate: "ABC1O23" },
  });
  expect((await correct(city, id, "ABC1D23", "é um D")).body).toMatchObject({
    plate: "ABC1O23",
    correction: { plate: "ABC1D23" },
    corrections: [
      { plate: "ABC1D23", reason: "é um D", created_by: city.operator.id, is_current: true },
      { plate: "ABC1E23", reason: "primeiro olhar", is_current: false },
    ],
  });
  const [entry] = (await host.audit()).filter(
    ({ action, object_id }) => action === "correct-plate" && object_id === id,
  );
  expect(entry).toMatchObject({ result: "done", cidade_id: city.cidade_id, actor_id: city.operator.id });
});

test("lists show it, and searches find the read by what it was read as and by what it is", async () => {
  const city = await plateCity(host);
  const id = await city.read("ABC1O23");
  const other = await city.read("QQQ1Q11");
  await correct(city, id, "XYZ9K87");
  for (const asked of ["ABC1O23", "ABC*", "A?C1*", "XYZ9K87", "XYZ*", "*K87", "X?Z9*"])
    expect([asked, await find(city, asked)]).toEqual([asked, [id]]);
  expect(await find(city, "XYZ9O23")).toEqual([]);
  const listed = (await city.operator.get(`/api/plates?cidade_id=${city.cidade_id}`)).body.items;
  expect(listed).toMatchObject([
    { id: other, correction: null },
    { id, plate: "ABC1O23", correction: { plate: "XYZ9K87" } },
  ]);
  // What was said before is found no more.
  await correct(city, id, "JJJ1J11");
  expect([await find(city, "XYZ9K87"), await find(city, "X?Z9*"), await find(city, "JJJ1J11")]).toEqual([[], [], [id]]);
  await correct(city, id, "ABC1O24");
  expect(await find(city, "ABC*")).toEqual([id]);
});

test("a read that waits for a look is found by that, and not any more when somebody has looked", async () => {
  const city = await plateCity(host);
  const [doubtful, sure] = [await city.read("ABC1D23"), await city.read("QWE1R23")];
  await mark(doubtful);
  const waiting = async () =>
    (await city.operator.get(`/api/plates?cidade_id=${city.cidade_id}&needs_review=true`)).body.items;
  expect(await waiting()).toMatchObject([{ id: doubtful, needs_review: true }]);
  // The same text confirms it: nobody is told anything new.
  await correct(city, doubtful, "ABC1D23");
  expect(await waiting()).toEqual([]);
  expect(await host.events("lpr.corrected")).toEqual([]);
  expect((await city.operator.get(`/api/plates/${sure}`)).body.needs_review).toBe(false);
});

test("a corrected text that is watched raises one alert; corrected back and forth it stays one", async () => {
  const city = await plateCity(host);
  await city.watch("ABC1D23");
  const id = await city.read("ABC1O23");
  expect(await alertsOf(city)).toEqual([]);
  await correct(city, id, "ABC1D23");
  expect(await alertsOf(city)).toMatchObject([{ plate: "ABC1D23", read: { id, plate: "ABC1O23" } }]);
  await correct(city, id, null);
  await correct(city, id, "ABC1D23");
  expect(await alertsOf(city)).toHaveLength(1);
});

test("what is no plate, has no reason or no read is refused", async () => {
  const city = await plateCity(host);
  const id = await city.read("ABC1D23");
  expect(await correct(city, id, "!!??")).toMatchObject({ status: 422, body: { reason: "plate.characters" } });
  expect((await correct(city, id, "ABC1D24", "  ")).status).toBe(400);
  expect((await correct(city, city.cidade_id, "ABC1D24")).status).toBe(404);
});

test("another city's read does not exist, and who may look may not correct", async () => {
  const city = await plateCity(host);
  const id = await city.read("ABC1D23");
  const body = { plate: "ABC1D24", reason: "visto" };
  const elsewhere = await host.as(["plates.correct"], [(await host.city()).id]);
  expect((await elsewhere.post(`/api/plates/${id}/corrections`, body)).status).toBe(404);
  const viewer = await host.as(["plates.view"], [city.cidade_id]);
  expect((await viewer.post(`/api/plates/${id}/corrections`, body)).status).toBe(403);
});

test.skipIf(isOneConnection())(
  "two people who correct one read at once leave one last word, and lose nothing",
  async () => {
    const city = await plateCity(host);
    const id = await city.read("ABC1D23");
    const answers = await Promise.all([correct(city, id, "ABC1D24"), correct(city, id, "ABC1D25")]);
    for (const { status } of answers) expect([201, 409]).toContain(status);
    const rows = await host.database.owner`select is_current from lpr_corrections where event_id = ${id}`;
    expect(rows).toHaveLength(answers.filter(({ status }) => status === 201).length);
    expect(rows.filter(({ is_current }) => is_current)).toHaveLength(1);
  },
);
