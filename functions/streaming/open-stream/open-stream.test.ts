import { afterAll, beforeAll, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";
import { recordedCity } from "#test/harness/recordings.ts";
import { verifyStreamToken } from "../stream-tokens.ts";

let host: TestHost;
beforeAll(async () => {
  host = await testHost(catalogue);
});
afterAll(() => host.close());

const later = (ms: number): Date => new Date(Date.now() + ms);

test("a token is for one camera, one action and one session, and holds for 60 s", async () => {
  const { camera_id, cidade_id, agent, operator } = await recordedCity(host);
  const { status, body } = await operator.post("/api/streams/open", { camera_id, action: "live" });
  expect(status).toBe(200);
  const claims = await verifyStreamToken(host.keys, body.token, later(55_000));
  expect(claims).toEqual({
    camera_id,
    cidade_id,
    action: "live",
    agent_id: agent.id,
    session_id: operator.session_id,
    exp_ms: Date.parse(body.expires_at),
  });
  await expect(verifyStreamToken(host.keys, body.token, later(60_001))).rejects.toThrow("not valid");
});

test("a token whose words were changed, or that nobody signed, is worth nothing", async () => {
  const { camera_id, operator } = await recordedCity(host);
  const { body } = await operator.post("/api/streams/open", { camera_id, action: "live" });
  const [text = "", key_id, mac] = body.token.split(".");
  const claims = JSON.parse(Buffer.from(text, "base64url").toString());
  const longer = Buffer.from(JSON.stringify({ ...claims, exp_ms: claims.exp_ms + 1 })).toString("base64url");
  for (const forged of [`${longer}.${key_id}.${mac}`, `${text}.${key_id}.`, text, ""]) {
    await expect(verifyStreamToken(host.keys, forged, later(0))).rejects.toMatchObject({ code: "unauthorized" });
  }
});

test("who watches what is in the audit trail", async () => {
  const { camera_id, operator, cidade_id } = await recordedCity(host);
  await operator.post("/api/streams/open", { camera_id, action: "live" });
  const rows = (await host.audit()).filter(({ object_id }) => object_id === camera_id);
  expect(rows).toMatchObject([{ action: "open-stream", actor_id: operator.id, cidade_id, result: "done" }]);
});

test("a camera that is out of service or has no agent has no live picture, and there is no other action than live", async () => {
  const { cidade_id, agent, camera_id, operator } = await recordedCity(host);
  for (const values of [{ agent_id: agent.id, is_active: false }, {}]) {
    const none = await host.camera(cidade_id, values);
    const answer = await operator.post("/api/streams/open", { camera_id: none, action: "live" });
    expect(answer).toMatchObject({ status: 422, body: { reason: "stream.none" } });
  }
  expect((await operator.post("/api/streams/open", { camera_id, action: "publish" })).status).toBe(400);
});

test("another city's camera does not exist, and without the permission nobody watches", async () => {
  const [own, other] = [await recordedCity(host), await recordedCity(host)];
  const open = { camera_id: other.camera_id, action: "live" };
  expect((await own.operator.post("/api/streams/open", open)).status).toBe(404);
  const lesser = await host.as(["recordings.view"], [own.cidade_id]);
  expect((await lesser.post("/api/streams/open", { ...open, camera_id: own.camera_id })).status).toBe(403);
});
