import { afterAll, beforeAll, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";
import { plateCity } from "#test/harness/plates.ts";

let host: TestHost;
beforeAll(async () => {
  host = await testHost(catalogue);
});
afterAll(() => host.close());

test("a read is shown to who may see plates of its city, and the look is kept", async () => {
  const { cidade_id, operator, read } = await plateCity(host);
  const id = await read("ABC1234");
  expect(await operator.get(`/api/plates/${id}`)).toMatchObject({
    status: 200,
    body: { plate: "ABC1234", layout: "old" },
  });
  const looks = (await host.audit()).filter((row) => row.object_id === id);
  expect(looks).toMatchObject([{ action: "read-plate", actor_id: operator.id, cidade_id }]);
  const elsewhere = await host.as(["plates.view"], [(await host.city()).id]);
  expect((await elsewhere.get(`/api/plates/${id}`)).status).toBe(404);
  const other = await host.as(["alerts.view"], [cidade_id]);
  expect((await other.get(`/api/plates/${id}`)).status).toBe(403);
});

test("a read that does not exist is not found", async () => {
  const { operator } = await plateCity(host);
  expect((await operator.get(`/api/plates/${crypto.randomUUID()}`)).status).toBe(404);
  expect((await operator.get("/api/plates/no-id")).status).toBe(400);
});
