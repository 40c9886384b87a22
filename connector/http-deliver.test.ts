import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { eventOf } from "#test/contracts/broker.ts";
import { httpDeliver } from "./http-deliver.ts";

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
  return { asked, deliver: httpDeliver({ baseOf: () => base }) };
};
const open = () => new AbortController().signal;

test("a function is asked under its own name with the event, its attempt and its correlation", async () => {
  const { asked, deliver } = await host({ status: 204 });
  const event = eventOf("clip.requested", "one");
  expect(await deliver("streaming.cut-clip", event, 2, open())).toEqual({ status: 204, final: false });
  const { request, body } = asked[0]!;
  expect([request.method, request.url]).toEqual(["POST", "/_/functions/streaming.cut-clip"]);
  expect(request.headers).toMatchObject({
    "content-type": "application/cloudevents+json",
    "gt-attempt": "2",
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
  const deliver = httpDeliver({ baseOf: () => "http://127.0.0.1:1" });
  expect(await deliver("a.b", eventOf("x.y"), 1, open())).toMatchObject({ status: 503 });
});

test("a redirect is not followed", async () => {
  const { asked, deliver } = await host({ status: 302, headers: { location: "/elsewhere" } });
  expect((await deliver("a.b", eventOf("x.y"), 1, open())).status).toBe(503);
  expect(asked).toHaveLength(1);
});
