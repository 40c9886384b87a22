import { afterAll, beforeAll, expect, test } from "vitest";
import { uuidv7 } from "#lib/ids.ts";
import { catalogue } from "#functions/catalogue.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";

let host: TestHost;
beforeAll(async () => {
  host = await testHost({ admin: catalogue.admin });
});
afterAll(() => host.close());

const now = Date.now();
const at = (seconds_ago: number): string => new Date(now - seconds_ago * 1000).toISOString();
const act = async (cidade_id: string | null, seconds_ago: number, action = "read-plate"): Promise<string> => {
  const id = uuidv7();
  await host.database.owner`
    insert into audit_log (id, cidade_id, at, actor_kind, actor_id, action, result, correlation_id)
    values (${id}, ${cidade_id}, ${at(seconds_ago)}, 'user', ${uuidv7()}, ${action}, 'done', ${uuidv7()})`;
  return id;
};
const ids = (body: { items: { id: string }[] }): string[] => body.items.map(({ id }) => id);

test("acts of one city come newest first, page after page, each once, even those of one moment", async () => {
  const [city, other] = [await host.city(), await host.city()];
  const made = [await act(city.id, 30), await act(city.id, 20), await act(city.id, 20), await act(city.id, 10)];
  await act(other.id, 15);
  await act(null, 15);
  const auditor = await host.as(["audit.view"], [city.id]);
  const seen: string[] = [];
  let next: string | null = null;
  do {
    const cursor: string = next === null ? "" : `&cursor=${next}`;
    const page = await auditor.get(`/api/audit?cidade_id=${city.id}&limit=1${cursor}`);
    expect(page.status).toBe(200);
    seen.push(...ids(page.body));
    next = page.body.next_cursor;
  } while (next !== null);
  expect(seen).toEqual(made.toReversed());
});

test("a time span holds its beginning and not its end", async () => {
  const city = await host.city();
  const [old, wanted, late] = [await act(city.id, 30), await act(city.id, 20), await act(city.id, 10)];
  const auditor = await host.as(["audit.view"], [city.id]);
  const { body } = await auditor.get(`/api/audit?cidade_id=${city.id}&from=${at(20)}&to=${at(10)}`);
  expect(ids(body)).toEqual([wanted]);
  expect([old, late]).not.toContain(wanted);
});

test("a cursor continues the list that gave it and no other", async () => {
  const [city, other] = [await host.city(), await host.city()];
  await act(city.id, 2);
  await act(city.id, 1);
  const auditor = await host.as(["audit.view"], [city.id, other.id]);
  const { body } = await auditor.get(`/api/audit?cidade_id=${city.id}&limit=1`);
  const foreign = await auditor.get(`/api/audit?cidade_id=${other.id}&limit=1&cursor=${body.next_cursor}`);
  expect(foreign).toMatchObject({ status: 400, body: { reason: "cursor.foreign" } });
});

test("the trail of another city does not exist for the caller; without the permission it is refused, and that is in the trail", async () => {
  const [own, other] = [await host.city(), await host.city()];
  const auditor = await host.as(["audit.view"], [own.id]);
  expect((await auditor.get(`/api/audit?cidade_id=${other.id}`)).status).toBe(404);
  const viewer = await host.as(["cameras.view"], [own.id]);
  expect((await viewer.get(`/api/audit?cidade_id=${own.id}`)).status).toBe(403);
  const refused = (await auditor.get(`/api/audit?cidade_id=${own.id}`)).body.items;
  expect(refused).toMatchObject([{ action: "list-audit", actor_id: viewer.id, result: "refused" }]);
});
