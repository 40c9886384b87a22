import { afterAll, beforeAll, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";

let host: TestHost;
beforeAll(async () => {
  host = await testHost(catalogue);
});
afterAll(() => host.close());

const names = (body: { items: { nome: string }[] }): string[] => body.items.map(({ nome }) => nome);

test("a city's cameras come by name, page after page, each once, also when names are alike", async () => {
  const [city, other] = [await host.city(), await host.city()];
  for (const nome of ["Praça", "Avenida", "Avenida", "Ponte"]) await host.camera(city.id, { nome });
  await host.camera(other.id, { nome: "De outra cidade" });
  const viewer = await host.as(["cameras.view"], [city.id]);
  const all = await viewer.get(`/api/cameras?cidade_id=${city.id}`);
  expect(names(all.body)).toEqual(["Avenida", "Avenida", "Ponte", "Praça"]);
  const seen: string[] = [];
  let next: string | null = null;
  do {
    const cursor: string = next === null ? "" : `&cursor=${next}`;
    const { body } = await viewer.get(`/api/cameras?cidade_id=${city.id}&limit=1${cursor}`);
    seen.push(...body.items.map(({ id }: { id: string }) => id));
    next = body.next_cursor;
  } while (next !== null);
  expect(seen).toEqual(all.body.items.map(({ id }: { id: string }) => id));
});

test("cameras out of service can be asked for or left out, and a cursor keeps to what was asked", async () => {
  const city = await host.city();
  for (const nome of ["A", "B"]) await host.camera(city.id, { nome });
  await host.camera(city.id, { nome: "Antiga", is_active: false });
  const viewer = await host.as(["cameras.view"], [city.id]);
  const list = (query: string) => viewer.get(`/api/cameras?cidade_id=${city.id}${query}`);
  expect(names((await list("")).body)).toEqual(["A", "Antiga", "B"]);
  expect(names((await list("&is_active=false")).body)).toEqual(["Antiga"]);
  const { body } = await list("&is_active=true&limit=1");
  expect(names(body)).toEqual(["A"]);
  expect(names((await list(`&is_active=true&cursor=${body.next_cursor}`)).body)).toEqual(["B"]);
  expect(await list(`&cursor=${body.next_cursor}`)).toMatchObject({ status: 400, body: { reason: "cursor.foreign" } });
});

test("another city does not exist for the caller, and without the permission nothing is listed", async () => {
  const [own, other] = [await host.city(), await host.city()];
  const viewer = await host.as(["cameras.view"], [own.id]);
  expect((await viewer.get(`/api/cameras?cidade_id=${other.id}`)).status).toBe(404);
  const lesser = await host.as(["plates.view"], [own.id]);
  expect((await lesser.get(`/api/cameras?cidade_id=${own.id}`)).status).toBe(403);
});
