import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { eventOf } from "#test/contracts/broker-bench.ts";
import type { HeldFrame } from "#lib/frames/frames.ts";
import { hostReach } from "./host-deliver.ts";
import { httpReach } from "./http-deliver.ts";

type Answer = { status: number; headers?: Record<string, string>; body?: string };

const host = async (answer: Answer) => {
  const asked: { request: IncomingMessage; body: string }[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => void (body += chunk.toString()));
    request.on("end", () => {
      asked.push({ request, body });
      response.writeHead(answer.status, answer.headers).end(answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { asked, ...httpReach({ baseOf: () => base, system_token: "for the system" }) };
};
const open = () => new AbortController().signal;

test("a function is asked under its own name with the event, its attempt and its correlation", async () => {
  const { asked, deliver } = await host({ status: 204 });
  const event = eventOf("clip.requested", "one");
  expect(await deliver("streaming.cut-clip", event, 2, open())).toEqual({ status: 204, final: false });
  const { request, body } = asked[0]!;
  expect([request.method, request.url]).toEqual(["POST", "/_/functions/cut-clip"]);
  expect(request.headers).toMatchObject({
    "content-type": "application/cloudevents+json",
    authorization: "Bearer for the system",
    "x-attempt": "2",
    "x-correlation-id": "corr",
  });
  expect(JSON.parse(body)).toEqual(event);
});

test("what a problem document says becomes the reason", async () => {
  const body = JSON.stringify({ title: "There is no such picture", reason: "picture.gone" });
  const { deliver } = await host({ status: 500, headers: { "x-final": "1" }, body });
  const outcome = await deliver("a.b", eventOf("x.y"), 1, open());
  expect(outcome).toEqual({ status: 500, final: true, reason: "There is no such picture – picture.gone" });
});

test("a host that cannot be reached is a dependency that is down, not a fault of the message", async () => {
  const { deliver } = httpReach({ baseOf: () => "http://127.0.0.1:1", system_token: "x" });
  expect(await deliver("a.b", eventOf("x.y"), 1, open())).toMatchObject({ status: 503 });
});

test("a redirect is not followed", async () => {
  const { asked, deliver } = await host({ status: 302, headers: { location: "/elsewhere" } });
  expect((await deliver("a.b", eventOf("x.y"), 1, open())).status).toBe(503);
  expect(asked).toHaveLength(1);
});

test("a planned time is posted as such", async () => {
  const { asked, run } = await host({ status: 204 });
  const planned = new Date("2026-03-04T06:00:00.000Z");
  expect(await run("streaming.delete-expired", planned, open())).toEqual({ status: 204, final: false });
  expect([asked[0]!.request.url, asked[0]!.body]).toEqual([
    "/_/functions/delete-expired",
    '{"planned_for":"2026-03-04T06:00:00.000Z"}',
  ]);
});

test("a host that says when to come again is heard", async () => {
  const { deliver } = await host({ status: 503, headers: { "retry-after": "5" }, body: '{"reason":"down"}' });
  const outcome = await deliver("a.b", eventOf("x.y"), 1, open());
  expect(outcome).toEqual({ status: 503, final: false, reason: "down", retry_after_seconds: 5 });
});

test.each(["message", "subject"])(
  "a %s that has to wait says nothing about what is behind its function",
  async (only) => {
    const { deliver } = await host({ status: 503, headers: { "x-park": only }, body: '{"reason":"too new"}' });
    expect(await deliver("a.b", eventOf("x.y"), 1, open())).toMatchObject({ status: 503, only });
  },
);

test("a line that the other side closed meanwhile is no outage: the message is sent over a new one", async () => {
  const requests: number[] = [];
  const server = createServer((request, response) => {
    requests.push(request.socket.remotePort ?? 0);
    // The second on a line that was kept meets its end, as if it had crossed it on the way.
    if (requests.filter((port) => port === request.socket.remotePort).length > 1) return request.socket.destroy();
    response.writeHead(204).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => new Promise((resolve) => server.close(() => resolve())));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { deliver, close } = httpReach({ baseOf: () => base, system_token: "x" });
  for (const attempt of [1, 2])
    expect(await deliver("a.b", eventOf("x.y"), attempt, open())).toMatchObject({ status: 204 });
  expect([requests.length, new Set(requests).size]).toEqual([3, 2]);
  close();
});

test("a page of a proxy is read to its beginning only, and becomes the reason", async () => {
  const { deliver } = await host({ status: 502, body: "Bad gateway".padEnd(1_000_000, ".") });
  const outcome = await deliver("a.b", eventOf("x.y"), 1, open());
  expect(outcome).toMatchObject({ status: 502, final: false });
  expect(outcome.reason).toMatch(/^Bad gateway\.{189}$/);
});

const held = (): HeldFrame => ({
  attempt: 2,
  frame: {
    id: "0190aaaa-0000-7000-8000-000000000001",
    cidade_id: "0190aaaa-0000-7000-8000-000000000002",
    camera_id: "0190aaaa-0000-7000-8000-000000000003",
    captured_at: new Date(1_764_115_200_000),
    format: "h265",
    bytes: Buffer.from("an access unit"),
    correlation_id: "corr",
  },
});

test("a frame is posted as it is, with whose it is, when it was taken and the try that it is", async () => {
  const { asked, deliverFrame } = await host({ status: 204 });
  await deliverFrame("streaming.keep-last-frame", held(), open());
  const { request, body } = asked[0]!;
  expect([request.url, body]).toEqual(["/_/functions/keep-last-frame", "an access unit"]);
  const { frame } = held();
  expect(request.headers).toMatchObject({
    "content-type": "video/h265",
    authorization: "Bearer for the system",
    "x-attempt": "2",
    "x-frame-id": frame.id,
    "x-cidade-id": frame.cidade_id,
    "x-camera-id": frame.camera_id,
    "x-captured-at": "1764115200000",
  });
  expect(request.headers).not.toHaveProperty("x-read-at-site");
  await deliverFrame("ai.read-plates", { attempt: 1, frame: { ...frame, read_at_site: true } }, open());
  expect(asked[1]!.request.headers).toMatchObject({ "x-read-at-site": "true" });
});

test("a frame that its function could not treat has failed that try", async () => {
  const { deliverFrame } = await host({ status: 500, body: JSON.stringify({ reason: "no picture" }) });
  expect(await deliverFrame("streaming.keep-last-frame", held(), open())).toMatchObject({
    status: 500,
    reason: "no picture",
  });
});

test("a call in the same process means the same as a request", async () => {
  const answers = [
    { done: true as const },
    { park: true as const, seconds: 7, reason: "r" },
    { park: true as const, seconds: 60, reason: "r", only: "message" as const },
    { final: true as const, reason: "r" },
    { failed: true as const, reason: "r" },
  ];
  const names: string[] = [];
  const { deliver, run } = hostReach({
    deliver: async (_event, name) => (names.push(name), answers.shift()!),
    runCron: async (name) => (names.push(name), { done: true }),
    handleFrame: async () => ({ done: true }),
  });
  const outcomes = [];
  for (let n = 0; n < 5; n++) outcomes.push(await deliver("streaming.cut-clip", eventOf("x.y"), 1, open()));
  expect(outcomes).toEqual([
    { status: 204, final: false },
    { status: 503, final: false, reason: "r", retry_after_seconds: 7 },
    { status: 503, final: false, reason: "r", retry_after_seconds: 60, only: "message" },
    { status: 500, final: true, reason: "r" },
    { status: 500, final: false, reason: "r" },
  ]);
  await run("streaming.delete-expired", new Date(), open());
  expect(names.at(-1)).toBe("delete-expired");
});
