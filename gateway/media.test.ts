import { expect, test } from "vitest";
import { signStreamToken, STREAM_TOKEN_SECONDS, verifyStreamToken } from "#functions/streaming/stream-tokens.ts";
import { uuidv7 } from "#lib/ids.ts";
import { keysFrom } from "#lib/secrets/key-rings.ts";
import { testMaterial } from "#test/harness/host.ts";
import { mediaRoutes } from "./media.ts";

const now = new Date("2026-03-04T12:00:00Z");
const camera_id = uuidv7(now);
const scene = async () => {
  const keys = keysFrom(await testMaterial());
  let at = now;
  const routes = mediaRoutes({ liveGrantOf: (token) => verifyStreamToken(keys, token, at) });
  const claims = {
    camera_id,
    cidade_id: uuidv7(now),
    action: "live",
    agent_id: uuidv7(now),
    session_id: uuidv7(now),
  } as const;
  const token = await signStreamToken(keys, { ...claims, exp_ms: now.getTime() + STREAM_TOKEN_SECONDS * 1000 });
  const ask = async (asked: object, headers: Record<string, string> = {}) => {
    const body = JSON.stringify({
      ip: "10.0.0.9",
      user: "",
      password: "",
      id: "1",
      protocol: "hls",
      query: "",
      ...asked,
    });
    const length = { "content-length": String(Buffer.byteLength(body)) };
    const answer = await routes.request("/media/authorise", {
      method: "POST",
      body,
      headers: { ...length, ...headers },
    });
    return answer.status;
  };
  const read = (asked: object) => ask({ action: "read", path: camera_id, ...asked });
  return { routes, token, ask, read, later: (ms: number) => void (at = new Date(now.getTime() + ms)) };
};

test("a reader is let in by the token of this path, as each version of MediaMTX hands it on", async () => {
  const { token, read } = await scene();
  expect(await read({ query: `token=${token}` })).toBe(204);
  expect(await read({ query: `_HLS_msn=3&token=${token}` })).toBe(204);
  expect(await read({ token })).toBe(204);
  expect(await read({ user: "any", password: token })).toBe(204);
});

test("nobody is let in without one, late, elsewhere, or to do anything but read", async () => {
  const { token, ask, read, later } = await scene();
  expect(await read({})).toBe(401);
  expect(await read({ query: `token=${token}x` })).toBe(401);
  expect(await read({ path: uuidv7(now), token })).toBe(401);
  expect(await read({ path: `${camera_id}/../other`, token })).toBe(401);
  for (const action of ["publish", "playback", "api", "metrics", "pprof", "READ", ""])
    expect(await ask({ action, path: camera_id, token }), action).toBe(401);
  later(STREAM_TOKEN_SECONDS * 1000);
  expect(await read({ token })).toBe(401);
});

test("what is no question is answered with a refusal, and what goes wrong lets nobody in", async () => {
  const { routes, token } = await scene();
  const post = async (body: string, more: Record<string, string> = {}) => {
    const headers = { "content-length": String(body.length), ...more };
    return (await routes.request("/media/authorise", { method: "POST", body, headers })).status;
  };
  for (const body of ["", "{", "[]", "null", '{"action":"read"}', '{"action":["read"],"path":"x"}'])
    expect(await post(body)).toBe(401);
  const long = JSON.stringify({ action: "read", path: camera_id, token, query: "x".repeat(20_000) });
  expect(await post(long)).toBe(401);
  expect((await routes.request("/media/authorise", { method: "GET" })).status).toBe(404);
  const failing = mediaRoutes({ liveGrantOf: async () => Promise.reject(new Error("no keys")) });
  const body = JSON.stringify({ action: "read", path: camera_id, token });
  const headers = { "content-length": String(body.length) };
  expect((await failing.request("/media/authorise", { method: "POST", body, headers })).status).toBe(500);
});
