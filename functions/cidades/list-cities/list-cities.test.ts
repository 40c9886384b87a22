import { afterAll, beforeAll, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";

let host: TestHost;
beforeAll(async () => {
  host = await testHost(catalogue);
});
afterAll(() => host.close());

const names = (body: { items: { nome: string }[] }): string[] => body.items.map(({ nome }) => nome);

test("a caller sees the cities in which they hold a role, whichever, by name", async () => {
  const [second, first] = [await host.city("Barra Um"), await host.city("Angra Um")];
  await host.city("Alheia Um");
  const user = await host.as(["live.view"], [second.id, first.id]);
  const { status, body } = await user.get("/api/cities");
  expect(status).toBe(200);
  expect(names(body)).toEqual(["Angra Um", "Barra Um"]);
});

test("who holds a role in every city sees them all, page after page, each once", async () => {
  for (const nome of ["Serra Dois", "Monte Dois", "Campo Dois"]) await host.city(nome);
  const user = await host.as(["live.view"]);
  const all = names((await user.get("/api/cities")).body);
  expect(all).toEqual(expect.arrayContaining(["Serra Dois", "Monte Dois", "Campo Dois"]));
  const seen: string[] = [];
  let next: string | null = null;
  do {
    const { body } = await user.get(`/api/cities?limit=2${next === null ? "" : `&cursor=${next}`}`);
    seen.push(...names(body));
    next = body.next_cursor;
  } while (next !== null);
  expect(seen).toEqual(all);
});

test("a user without any role sees none, and who is not signed in is refused", async () => {
  const user = await host.as(["live.view"], []);
  expect((await user.get("/api/cities")).body).toEqual({ items: [], next_cursor: null });
  expect((await host.anyone.get("/api/cities")).status).toBe(401);
});
