/** Cameras as operators write them into the database, through what a site is told, onto MediaMTX (its fake, in both versions). */
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { DesiredState } from "#functions/cidades/contract.ts";
import { fakeMediamtx, type FakeMediamtx, type FakeVersion } from "#test/contracts/adapters/fake-mediamtx.ts";
import { eventually } from "#test/contracts/check.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";
import { cameraPaths } from "./camera-paths.ts";
import { connectMedia } from "./connect.ts";

const hook = "http://127.0.0.1:1/media/authorise";
let host: TestHost;
beforeAll(async () => {
  host = await testHost(catalogue);
});
afterAll(() => host.close());

const addressAt = (last: number): string => `rtsp://operador:nobody-may-see-this@10.0.0.${last}/stream`;
const pathsAt = (fake: FakeMediamtx): Promise<Record<string, string>> =>
  fetch(`${fake.url}/v3/config/paths/list`)
    .then((answer) => answer.json() as Promise<{ items: { name: string; source: string }[] }>)
    .then(({ items }) => Object.fromEntries(items.map(({ name, source }) => [name, source])));

/** A site with MediaMTX, on which somebody has a path of their own. */
const siteWith = async (version: FakeVersion) => {
  const fake = await fakeMediamtx(version, hook);
  onTestFinished(fake.close);
  const own = { source: addressAt(99), sourceOnDemand: true };
  const url = `${fake.url}/v3/config/paths/add/front-door`;
  expect((await fetch(url, { method: "POST", body: JSON.stringify(own) })).ok).toBe(true);
  const { id: cidade_id } = await host.city();
  const agent = await host.asAgent(cidade_id);
  const manager = await host.as(["cameras.view", "cameras.manage"], [cidade_id]);
  return {
    fake,
    theirs: { "front-door": addressAt(99) },
    begin: async () => {
      const server = await connectMedia(fake.url, { settle_ms: 20, auth_url: hook });
      onTestFinished(() => server.close());
      return { ...cameraPaths(server), end: server.close };
    },
    wanted: async () => DesiredState.parse((await agent.get("/api/agents/desired-state")).body).cameras,
    add: async (last: number): Promise<string> => {
      const camera = { cidade_id, nome: `C${last}`, url_rtsp: addressAt(last), agent_id: agent.id };
      return (await manager.post("/api/cameras", camera)).body.id;
    },
    change: async (id: string, changes: Record<string, unknown>): Promise<void> => {
      expect((await manager.patch(`/api/cameras/${id}`, changes, { "if-match": "*" })).status).toBe(200);
    },
  };
};

test.each(["1.5.1", "1.20.1"] as const)(
  "paths on MediaMTX %s are those of our cameras: added, changed and removed, and nobody else's is touched",
  async (version) => {
    const { fake, theirs, begin, wanted, add, change } = await siteWith(version);
    const paths = await begin();
    const [kept, moved, gone] = [await add(1), await add(2), await add(3)];
    expect(await paths.match(await wanted())).toEqual([]);
    const all = { ...theirs, [kept]: addressAt(1), [moved]: addressAt(2), [gone]: addressAt(3) };
    expect(await pathsAt(fake)).toEqual(all);
    await change(moved, { url_rtsp: addressAt(20) });
    await change(gone, { is_active: false });
    await paths.match(await wanted());
    const ours = { [kept]: addressAt(1), [moved]: addressAt(20) };
    expect(await pathsAt(fake)).toEqual({ ...theirs, ...ours });
    fake.restart();
    await eventually("its restart is healed", async () => Object.keys(await pathsAt(fake)).length === 2);
    expect(await pathsAt(fake)).toEqual(ours);
    await paths.end();
    await change(kept, { is_active: false });
    // Whoever is started anew finds what its predecessor left.
    await (await begin()).match(await wanted());
    expect(await pathsAt(fake)).toEqual({ [moved]: addressAt(20) });
  },
);

test("a camera whose address is none is named, and keeps none of the others out", async () => {
  const { fake, theirs, begin, wanted, add } = await siteWith("1.20.1");
  const id = await add(1);
  const strange = { id: "00000000-0000-7000-8000-000000000001", url_rtsp: "gopher://10.0.0.9/" };
  expect(await (await begin()).match([strange, ...(await wanted())])).toEqual([strange.id]);
  expect(await pathsAt(fake)).toEqual({ ...theirs, [id]: addressAt(1) });
});
