import { afterAll, beforeAll, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";

let host: TestHost;
const time = { now: Date.now() };
beforeAll(async () => {
  host = await testHost({ admin: catalogue.admin }, { grants: { clock: () => new Date(time.now) } });
});
afterAll(() => host.close());

test("the session ends, its cookie goes, and within 30 s its access token is worth nothing", async () => {
  const user = await host.as(["users.manage"]);
  expect((await user.get("/api/users")).status).toBe(200);
  const left = await user.post("/api/sessions/end", {});
  expect(left.status).toBe(204);
  expect(left.headers.get("set-cookie")).toMatch(/^gt_refresh=; Path=\/api\/sessions; Max-Age=0/);
  time.now += 31_000;
  expect(await user.get("/api/users")).toMatchObject({ status: 401, body: { reason: "session.ended" } });
  expect(await host.audit()).toContainEqual(
    expect.objectContaining({ action: "sign-out", actor_id: user.id, object_id: user.session_id, result: "done" }),
  );
});

test("one session ends, not the user's others", async () => {
  const [leaving, staying] = [await host.as(["users.manage"]), await host.as(["users.manage"])];
  await host.database.owner`update sessions set user_id = ${leaving.id} where id = ${staying.session_id}`;
  await leaving.post("/api/sessions/end", {});
  const open = await host.database.owner`select id from sessions where user_id = ${leaving.id} and revoked_at is null`;
  expect(open).toEqual([{ id: staying.session_id }]);
});

test("signing out twice is no error", async () => {
  const user = await host.as(["users.manage"]);
  expect((await user.post("/api/sessions/end", {})).status).toBe(204);
  expect((await user.post("/api/sessions/end", {})).status).toBe(204);
});

test("another site's page cannot sign anybody out, and without a session there is nothing to end", async () => {
  const user = await host.as(["users.manage"]);
  const foreign = await user.post("/api/sessions/end", {}, { origin: "https://other.example.org" });
  expect(foreign).toMatchObject({ status: 403, body: { reason: "access.origin" } });
  expect((await host.anyone.post("/api/sessions/end", {})).status).toBe(401);
});
