import { afterAll, beforeAll, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";
import { plateCity } from "#test/harness/plates.ts";

let host: TestHost;
beforeAll(async () => {
  host = await testHost(catalogue);
});
afterAll(() => host.close());

const inDays = (days: number): string => new Date(host.clock().getTime() + days * 86_400_000).toISOString();

test("a plate is watched in its plain writing, with its reason and its end", async () => {
  const { watch } = await plateCity(host);
  expect(await watch("abc-1234", { reason: "roubo" })).toMatchObject({ plate: "ABC1234", reason: "roubo" });
});

test.each(["AB12345", "ABCDEFG", "1234567", "ABC12D3"])("%s is no Brazilian plate and is refused", async (plate) => {
  const { watch } = await plateCity(host);
  expect(await watch(plate)).toMatchObject({ status: 422, reason: "plate.form" });
});

test("an entry ends: neither in the past nor after a year", async () => {
  for (const days of [-1, 400]) {
    const { watch } = await plateCity(host);
    expect(await watch("ABC1D23", { expires_at: inDays(days) })).toMatchObject({
      status: 422,
      reason: "watchlist_entry.expires_at",
    });
  }
});

test("another city's list takes no entries, and nobody without the permission writes one", async () => {
  const [own, other] = [await plateCity(host), await plateCity(host)];
  const { watchlist_id } = await other.watch("ABC1D23");
  const entry = { watchlist_id, cidade_id: own.cidade_id, plate: "ABC1D23", reason: "furto", expires_at: inDays(1) };
  expect((await own.operator.post("/api/watchlist-entries", entry)).status).toBe(404);
  const viewer = await host.as(["plates.view"], [own.cidade_id]);
  expect((await viewer.post("/api/watchlist-entries", entry)).status).toBe(403);
});
