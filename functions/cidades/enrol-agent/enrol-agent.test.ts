import { exportJWK } from "jose/key/export";
import { SignJWT } from "jose/jwt/sign";
import { afterAll, beforeAll, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";

let host: TestHost;
const time = { now: Date.now() };
beforeAll(async () => {
  host = await testHost(catalogue, { grants: { clock: () => new Date(time.now) } });
});
afterAll(() => host.close());

const newAgent = async () => {
  const city = await host.city();
  const manager = await host.as(["agents.manage"], [city.id]);
  const { id, enrolment_code } = (await manager.post("/api/agents", { cidade_id: city.id, nome: "Centro" })).body;
  return { id, code: enrolment_code as string, cidade_id: city.id };
};
const newPair = async () => {
  const pair = (await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"])) as CryptoKeyPair;
  const { kty, crv, x } = await exportJWK(pair.publicKey);
  return { public_key: { kty, crv, x }, private_key: pair.privateKey };
};
const enrol = async (code: string, changes: object = {}) =>
  host.anyone.post("/api/agents/enrol", {
    code,
    public_key: (await newPair()).public_key,
    program_version: "1.0.0",
    ...changes,
  });
const refused = { status: 404, body: { reason: "agent.code_not_valid" } };

test("with its code an agent makes its key known and is from then on who signs with it", async () => {
  const { id, code, cidade_id } = await newAgent();
  const { public_key, private_key } = await newPair();
  const enrolled = await enrol(code, { public_key });
  expect(enrolled).toMatchObject({ status: 201, body: { agent_id: id, cidade_id } });
  const exp = Math.floor(time.now / 1000) + 60;
  const token = await new SignJWT({ aud: "gt-vision", exp })
    .setProtectedHeader({ alg: "EdDSA", kid: id })
    .sign(private_key);
  const state = await host.anyone.get("/api/agents/desired-state", { authorization: `Bearer ${token}` });
  expect(state).toMatchObject({ status: 200, body: { cameras: [] } });
  expect(await host.audit()).toContainEqual(
    expect.objectContaining({ action: "enrol-agent", object_id: id, cidade_id, result: "done" }),
  );
});

test("a code is good however people type it, and once: also for two at the same moment", async () => {
  const { code } = await newAgent();
  const typed = ` ${code.toLowerCase().replaceAll("-", " ")} `;
  const answers = await Promise.all([enrol(typed), enrol(code), enrol(code)]);
  expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 404, 404]);
  expect(await enrol(code)).toMatchObject(refused);
});

test("an unknown code, one of a day ago and one of a deactivated agent are one and the same answer", async () => {
  expect(await enrol("2222-2222-2222-2222-2222-2222")).toMatchObject(refused);
  const [old, off] = [await newAgent(), await newAgent()];
  await host.database.owner`update agents set is_active = false where id = ${off.id}`;
  expect(await enrol(off.code)).toMatchObject(refused);
  time.now += 24 * 3_600_000;
  expect(await enrol(old.code)).toMatchObject(refused);
});

test("only an Ed25519 public key is taken, never a private half, and the code stays good", async () => {
  const { code } = await newAgent();
  const { public_key } = await newPair();
  const x = public_key.x ?? "";
  for (const wrong of [
    { kty: "RSA", n: x, e: "AQAB" },
    { ...public_key, d: x },
    { ...public_key, x: "short" },
  ]) {
    expect((await enrol(code, { public_key: wrong })).status).toBe(400);
  }
  expect((await enrol(code)).status).toBe(201);
});
