import { afterAll, beforeAll, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";
import { redeemTicket, renewHolder } from "../tickets.ts";

let host: TestHost;
beforeAll(async () => {
  host = await testHost({ admin: catalogue.admin });
});
afterAll(() => host.close());

const open = (user: Awaited<ReturnType<TestHost["as"]>>) => user.post("/api/sessions/socket-ticket", {});
const redeem = (ticket: string, seconds_later = 0) =>
  redeemTicket(host.database.system, ticket, new Date(Date.now() + seconds_later * 1000));

test("a ticket opens one socket, for whoever asked and what they may, and only its hash is kept", async () => {
  const city = await host.city();
  const user = await host.as(["live.view"], [city.id]);
  const { status, body } = await open(user);
  expect(status).toBe(201);
  expect(JSON.stringify(await host.database.owner`select * from tickets`)).not.toContain(body.ticket);
  expect(await redeem(body.ticket)).toEqual({
    session_id: user.session_id,
    user_id: user.id,
    cities: [city.id],
    grants: [{ cidade_id: city.id, permissions: ["live.view"] }],
  });
  expect(await redeem(body.ticket)).toBeNull();
});

test("two sockets at once cannot share a ticket", async () => {
  const { body } = await open(await host.as(["live.view"]));
  const holders = await Promise.all([redeem(body.ticket), redeem(body.ticket), redeem(body.ticket)]);
  expect(holders.filter((holder) => holder !== null)).toHaveLength(1);
});

test("after a minute a ticket is worth nothing, and an unknown one never was", async () => {
  const { body } = await open(await host.as(["live.view"]));
  expect(new Date(body.expires_at).getTime() - Date.now()).toBeLessThanOrEqual(60_000);
  expect(await redeem(body.ticket, 61)).toBeNull();
  expect(await redeem("unknown-ticket-unknown-ticket")).toBeNull();
});

test("a ticket of a session that ended opens nothing, and an open socket finds out", async () => {
  const user = await host.as(["live.view"]);
  const { body } = await open(user);
  expect(await renewHolder(host.database.system, user.session_id, new Date())).toMatchObject({ cities: "all" });
  await user.post("/api/sessions/end", {});
  expect(await redeem(body.ticket)).toBeNull();
  expect(await renewHolder(host.database.system, user.session_id, new Date())).toBeNull();
});

test("without a session there is no ticket, for an agent neither", async () => {
  expect((await host.anyone.post("/api/sessions/socket-ticket", {})).status).toBe(401);
  const agent = await host.asAgent((await host.city()).id);
  expect((await agent.post("/api/sessions/socket-ticket", {})).status).toBe(401);
});
