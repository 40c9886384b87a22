import { afterAll, beforeAll, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";

let host: TestHost;
beforeAll(async () => {
  host = await testHost(catalogue);
});
afterAll(() => host.close());

test("whoever holds a role in a city may read it, and its version is the one to name in a change", async () => {
  const city = await host.city();
  const user = await host.as(["live.view"], [city.id]);
  const { status, body, headers } = await user.get(`/api/cities/${city.id}`);
  expect(status).toBe(200);
  expect(body).toMatchObject({ id: city.id, nome: city.nome, estado: "SP", plano_retencao_dias: 7, version: 1 });
  expect(headers.get("etag")).toBe('"1"');
});

test("another city does not exist for the caller, and who is not signed in is refused", async () => {
  const [own, other] = [await host.city(), await host.city()];
  const user = await host.as(["cities.manage"], [own.id]);
  const unknown = { status: 404, body: { reason: "city.unknown" } };
  expect(await user.get(`/api/cities/${other.id}`)).toMatchObject(unknown);
  expect(await user.get(`/api/cities/${user.id}`)).toMatchObject(unknown);
  expect((await host.anyone.get(`/api/cities/${own.id}`)).status).toBe(401);
});
