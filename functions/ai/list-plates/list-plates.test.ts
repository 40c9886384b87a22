import { afterAll, beforeAll, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";
import { plateCity } from "#test/harness/plates.ts";

let host: TestHost;
beforeAll(async () => {
  host = await testHost(catalogue);
});
afterAll(() => host.close());

test("reads come newest first, page by page, and only those of the filter", async () => {
  const { cidade_id, camera, operator, read } = await plateCity(host);
  const start = host.clock().getTime() - 60_000;
  for (const [index, plate] of ["AAA1A11", "BBB2B22", "CCC3C33"].entries()) {
    await read(plate, { detected_at: new Date(start + index * 1000).toISOString() });
  }
  const path = `/api/plates?cidade_id=${cidade_id}&limit=2`;
  const first = await operator.get(path);
  expect(first.body.items.map(({ plate }: { plate: string }) => plate)).toEqual(["CCC3C33", "BBB2B22"]);
  const rest = await operator.get(`${path}&cursor=${encodeURIComponent(first.body.next_cursor)}`);
  expect(rest.body).toMatchObject({ items: [{ plate: "AAA1A11" }], next_cursor: null });
  const from = new Date(start + 500).toISOString();
  const to = new Date(start + 1500).toISOString();
  const between = await operator.get(`/api/plates?cidade_id=${cidade_id}&camera_id=${camera.id}&from=${from}&to=${to}`);
  expect(between.body.items).toMatchObject([{ plate: "BBB2B22" }]);
  const foreign = await operator.get(`/api/plates?cidade_id=${cidade_id}&cursor=${first.body.next_cursor}`);
  expect(foreign.status).toBe(200);
  expect(
    (await operator.get(`/api/plates?cidade_id=${cidade_id}&from=${from}&cursor=${first.body.next_cursor}`)).status,
  ).toBe(400);
});

test("another city does not exist, and who may not see plates is told so", async () => {
  const { cidade_id } = await plateCity(host);
  const elsewhere = await host.as(["plates.view"], [(await host.city()).id]);
  expect((await elsewhere.get(`/api/plates?cidade_id=${cidade_id}`)).status).toBe(404);
  const viewer = await host.as(["cameras.view"], [cidade_id]);
  expect((await viewer.get(`/api/plates?cidade_id=${cidade_id}`)).status).toBe(403);
});

test("an empty city has an empty list", async () => {
  const { cidade_id, operator } = await plateCity(host);
  expect((await operator.get(`/api/plates?cidade_id=${cidade_id}`)).body).toEqual({ items: [], next_cursor: null });
});
