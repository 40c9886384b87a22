import { afterAll, beforeAll, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";
import { recordedCity, type RecordedCity } from "#test/harness/recordings.ts";

let host: TestHost;
beforeAll(async () => {
  host = await testHost(catalogue);
});
afterAll(() => host.close());

const begin = Math.floor(Date.now() / 1000 - 3600) * 1000;
const at = (seconds: number): string => new Date(begin + seconds * 1000).toISOString();

/** A city with clips of these names, in this order. */
const clips = async (...names: readonly string[]) => {
  const site = await recordedCity(host);
  await site.record(site.plain(new Date(begin)));
  for (const nome of names) await make(site, site.camera_id, nome);
  return site;
};
const make = async ({ operator }: RecordedCity, camera_id: string, nome: string) => {
  const { body } = await operator.post("/api/clips", { camera_id, nome, start_time: at(0), end_time: at(5) });
  return body;
};
const list = ({ operator, cidade_id }: RecordedCity, query = "") =>
  operator.get(`/api/clips?cidade_id=${cidade_id}${query}`);
const names = (body: { items: { nome: string }[] }): string[] => body.items.map(({ nome }) => nome);

test("a city's clips come newest first, page after page, each once", async () => {
  const site = await clips("a", "b", "c", "d", "e");
  await clips("de outra cidade");
  expect(names((await list(site)).body)).toEqual(["e", "d", "c", "b", "a"]);
  const seen: string[] = [];
  for (let next: string | null = ""; next !== null;) {
    const { body } = await list(site, `&limit=2${next === "" ? "" : `&cursor=${next}`}`);
    seen.push(...names(body));
    next = body.next_cursor;
  }
  expect(seen).toEqual(["e", "d", "c", "b", "a"]);
});

test("one camera's clips can be asked for, and a cursor keeps to what was asked", async () => {
  const site = await clips("a", "b");
  const second = await host.camera(site.cidade_id, { agent_id: site.agent.id });
  const recording = await site.operator.post("/api/recordings/start", { camera_id: second });
  await site.record(site.plain(new Date(begin), 10_000, { camera_id: second, recording_id: recording.body.id }));
  await make(site, second, "da segunda");
  const own = `&camera_id=${second}`;
  expect(names((await list(site, own)).body)).toEqual(["da segunda"]);
  const { body } = await list(site, `&camera_id=${site.camera_id}&limit=1`);
  expect(names(body)).toEqual(["b"]);
  expect(await list(site, `&cursor=${body.next_cursor}`)).toMatchObject({
    status: 400,
    body: { reason: "cursor.foreign" },
  });
});

test("another city does not exist for the caller, and who may only watch live sees no clips", async () => {
  const [own, other] = [await clips("a"), await clips("b")];
  expect((await list({ ...own, cidade_id: other.cidade_id })).status).toBe(404);
  const lesser = await host.as(["live.view"], [own.cidade_id]);
  expect((await list({ ...own, operator: lesser })).status).toBe(403);
});
