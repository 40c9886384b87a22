import { afterAll, beforeAll, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";

let host: TestHost;
beforeAll(async () => {
  host = await testHost({ admin: catalogue.admin });
});
afterAll(() => host.close());

const emails = (body: { items: { email: string }[] }): string[] => body.items.map(({ email }) => email);

test("users of the caller's cities come by e-mail, page after page, each once, without their hashes", async () => {
  const city = await host.city();
  const manager = await host.as(["users.manage"], [city.id]);
  const others = [await host.as(["live.view"], [city.id]), await host.as(["live.view"], [city.id])];
  const all = await manager.get("/api/users");
  expect(all.status).toBe(200);
  expect(emails(all.body)).toEqual([manager, ...others].map(({ id }) => `${id}@example.org`).toSorted());
  expect(JSON.stringify(all.body)).not.toContain("password");
  const seen: string[] = [];
  let next: string | null = null;
  do {
    const { body } = await manager.get(`/api/users?limit=1${next === null ? "" : `&cursor=${next}`}`);
    seen.push(...emails(body));
    next = body.next_cursor;
  } while (next !== null);
  expect(seen).toEqual(emails(all.body));
});

test("of a user of two cities each city's manager sees the role of their own", async () => {
  const [own, other] = [await host.city(), await host.city()];
  const both = await host.as(["live.view"], [own.id, other.id]);
  await host.as(["live.view"], [other.id]);
  const manager = await host.as(["users.manage"], [own.id]);
  const { body } = await manager.get("/api/users");
  expect(emails(body).toSorted()).toEqual([both, manager].map(({ id }) => `${id}@example.org`).toSorted());
  const found = body.items.find(({ id }: { id: string }) => id === both.id);
  expect(found.roles).toMatchObject([{ cidade_id: own.id }]);
});

test("the permission in one city shows nobody of another where the caller holds a lesser role", async () => {
  const [own, other] = [await host.city(), await host.city()];
  const manager = await host.as(["users.manage"], [own.id]);
  const stranger = await host.as(["live.view"], [other.id]);
  await host.database.owner`insert into user_roles (id, user_id, role_id, cidade_id)
    select gen_random_uuid(), ${manager.id}, role_id, cidade_id from user_roles where user_id = ${stranger.id}`;
  expect(emails((await manager.get("/api/users")).body)).toEqual([`${manager.id}@example.org`]);
});

test("without the permission nobody is listed", async () => {
  const viewer = await host.as(["cameras.view"]);
  expect((await viewer.get("/api/users")).status).toBe(403);
  expect((await host.anyone.get("/api/users")).status).toBe(401);
});
