/** What becomes of paths and readers when MediaMTX is away, comes back, or answers strangely. Over the fake: see its first lines. */
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { connectMedia } from "#lib/media-server/connect.ts";
import type { MediamtxOptions } from "#lib/media-server/mediamtx.ts";
import { fakeMediamtx } from "#test/contracts/adapters/fake-mediamtx.ts";
import { eventually } from "#test/contracts/check.ts";
import { PASSWORD } from "#test/contracts/media-server.ts";

const SOURCE = `rtsp://operador:${PASSWORD}@192.0.2.1:554/stream`;
const NAME = "gt-00000000-0000-7000-8000-000000000001";
const hook = "http://127.0.0.1:1/media/authorise";

const open = async (url: string, options: MediamtxOptions = {}) => {
  const said: string[] = [];
  const server = await connectMedia(url, { settle_ms: 20, say: (line) => void said.push(line), ...options });
  onTestFinished(() => server.close());
  return { server, said };
};

test.each(["1.5.1", "1.20.1"] as const)(
  "MediaMTX %s that is away keeps nobody from starting; it is told of once, and put right when it is back",
  async (version) => {
    const first = await fakeMediamtx(version, hook);
    const { server, said } = await open(first.url, { auth_url: hook });
    await server.addPath(NAME, SOURCE);
    const { port } = new URL(first.url);
    await first.close();
    await expect(server.paths()).rejects.toMatchObject({ code: "unavailable", reason: "media.unreachable" });
    await expect(server.addPath("gt-another", SOURCE)).rejects.toMatchObject({ code: "unavailable" });
    await eventually("it is told of", () => said.length > 0);
    const again = await fakeMediamtx(version, "http://127.0.0.1:1/somebody-else", Number(port));
    onTestFinished(again.close);
    await eventually("its path is back", async () => (await server.paths().catch(() => [])).length === 1);
    expect(said.map((line) => line.replace(/\d+/, "N"))).toEqual([
      "MediaMTX cannot be reached",
      "MediaMTX asked somebody else about its readers: put right",
      "MediaMTX had lost or changed N paths: put right",
    ]);
    expect(said.join()).not.toContain(PASSWORD);
  },
);

test("a path that was changed by hand is put right", async () => {
  const fake = await fakeMediamtx("1.20.1", hook);
  onTestFinished(fake.close);
  const { server, said } = await open(fake.url);
  await server.addPath(NAME, SOURCE);
  const settings = async () => {
    const answer = await fetch(`${fake.url}/v3/config/paths/list`);
    return ((await answer.json()) as { items: { source: string; sourceOnDemand: boolean }[] }).items[0];
  };
  const body = JSON.stringify({ source: "publisher", sourceOnDemand: false });
  await fetch(`${fake.url}/v3/config/paths/patch/${NAME}`, { method: "PATCH", body });
  await eventually("put right", async () => (await settings())?.source === SOURCE);
  expect(await settings()).toMatchObject({ sourceOnDemand: true });
  expect(said).toEqual(["MediaMTX had lost or changed 1 paths: put right"]);
});

test("a dollar in a camera's password is nothing that MediaMTX would put something in place of", async () => {
  const fake = await fakeMediamtx("1.20.1", hook);
  onTestFinished(fake.close);
  const { server } = await open(fake.url);
  await server.addPath(NAME, "rtsp://operador:pa$G1$MTX_QUERY@192.0.2.1/stream");
  const list = await (await fetch(`${fake.url}/v3/config/paths/list`)).text();
  expect(list).toContain("pa%24G1%24MTX_QUERY");
});

test("many paths come in pages, and all are seen", async () => {
  const fake = await fakeMediamtx("1.20.1", hook);
  onTestFinished(fake.close);
  const { server } = await open(fake.url);
  const names = Array.from({ length: 250 }, (_, n) => `gt-camera-${n}`);
  for (const name of names) {
    const body = JSON.stringify({ source: SOURCE });
    await fetch(`${fake.url}/v3/config/paths/add/${name}`, {
      method: "POST",
      body: body.replace("}", ',"sourceOnDemand":true}'),
    });
  }
  expect((await server.paths()).length).toBe(250);
});

test("answers in no known form, refusals and ways elsewhere are faults without a camera's address in them", async () => {
  let answer: { status: number; body: string; headers?: Record<string, string>; listed?: boolean } = {
    status: 200,
    body: "{}",
  };
  const strange = createServer((request, response) => {
    request.resume();
    // Its list is what it is; what it is told is refused.
    if (answer.listed && request.method === "GET") return void response.end('{"items":[]}');
    response.writeHead(answer.status, answer.headers).end(answer.body);
  });
  strange.listen(0, "127.0.0.1");
  await once(strange, "listening");
  onTestFinished(() => void strange.close());
  const { server } = await open(`http://127.0.0.1:${(strange.address() as AddressInfo).port}`, { settle_ms: 60_000 });
  const why = (work: Promise<unknown>) =>
    work.then(
      () => "no refusal",
      (error: Error & { code: string; reason?: string }) => [
        `${error.code} ${error.reason}`,
        JSON.stringify(error),
        error.message,
      ],
    );
  const cases: [typeof answer, string][] = [
    [{ status: 200, body: "<html>" }, "internal media.form"],
    [{ status: 200, body: '{"items":[{"name":5}]}' }, "internal media.form"],
    [{ status: 400, body: `{"error":"bad source ${SOURCE}"}` }, "internal media.refused"],
    [{ status: 400, body: `{"error":"bad source ${SOURCE}"}`, listed: true }, "internal media.refused"],
    [{ status: 401, body: "" }, "unavailable media.access_refused"],
    [{ status: 500, body: SOURCE }, "unavailable media.failed"],
    [{ status: 302, body: "", headers: { location: "http://192.0.2.1/" } }, "unavailable media.unreachable"],
  ];
  for (const [next, reason] of cases) {
    answer = next;
    const [word, ...texts] = await why(server.addPath(NAME, SOURCE));
    expect(word).toBe(reason);
    expect(texts.join()).not.toContain(PASSWORD);
  }
});
