import { afterAll, beforeAll, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";

let host: TestHost;
beforeAll(async () => {
  host = await testHost({ admin: catalogue.admin });
});
afterAll(() => host.close());

const names = (body: { items: { name: string }[] }): string[] => body.items.map(({ name }) => name);

test("roles come by name with what they permit, page after page, each once", async () => {
  const maker = await host.as(["roles.manage"]);
  for (const name of ["Zelador", "Apoio", "Monitor"]) {
    await maker.post("/api/roles", { name, permissions: ["live.view"] });
  }
  // Roles are for everybody who gives them, whichever their city.
  const city = await host.city();
  const manager = await host.as(["users.manage"], [city.id]);
  const all = await manager.get("/api/roles");
  expect(all.status).toBe(200);
  expect(names(all.body).filter((name) => ["Apoio", "Monitor", "Zelador"].includes(name))).toEqual([
    "Apoio",
    "Monitor",
    "Zelador",
  ]);
  expect(all.body.items).toContainEqual(expect.objectContaining({ name: "Apoio", permissions: ["live.view"] }));
  const seen: string[] = [];
  let next: string | null = null;
  do {
    const { body } = await manager.get(`/api/roles?limit=2${next === null ? "" : `&cursor=${next}`}`);
    seen.push(...names(body));
    next = body.next_cursor;
  } while (next !== null);
  expect(seen).toEqual(names(all.body));
});

test("who gives no roles does not see them", async () => {
  const viewer = await host.as(["cameras.view"]);
  expect((await viewer.get("/api/roles")).status).toBe(403);
  expect((await host.anyone.get("/api/roles")).status).toBe(401);
});

test("a cursor that nobody gave is refused", async () => {
  const manager = await host.as(["users.manage"]);
  expect(await manager.get("/api/roles?cursor=WyJBIl0")).toMatchObject({
    status: 400,
    body: { reason: "cursor.foreign" },
  });
});
