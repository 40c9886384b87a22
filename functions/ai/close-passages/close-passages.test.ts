import { afterAll, beforeAll, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";
import { plateCity } from "#test/harness/plates.ts";
import { frameOf, plate, seeing, type Shown } from "#test/harness/sight.ts";

let host: TestHost;
beforeAll(async () => {
  host = await testHost(catalogue, { grants: { sight: seeing() } });
});
afterAll(() => host.close());

type City = Awaited<ReturnType<typeof plateCity>>;
const now = Date.now();
const show = async ({ cidade_id, camera }: City, seconds_ago: number, ...shown: Shown[]): Promise<void> => {
  const captured_at = new Date(now - seconds_ago * 1000);
  const frame = frameOf({ cidade_id, camera_id: camera.id }, shown, { captured_at });
  expect(await host.host.handleFrame("read-plates", { frame, attempt: 1 })).toEqual({ done: true });
};
const close = async (): Promise<void> =>
  expect(await host.host.runCron("close-passages", new Date(now))).toEqual({ done: true });
const readsOf = ({ cidade_id }: City) =>
  host.database.owner`select * from lpr_events where cidade_id = ${cidade_id} order by captured_at`;
const open = async ({ cidade_id }: City): Promise<number> =>
  (await host.database.owner`select 1 from plate_passages where cidade_id = ${cidade_id}`).length;
const pictures = async ({ cidade_id }: City): Promise<number> =>
  (await host.objects.list("lpr-images", `${cidade_id}/`)).length;

test("a passage that is over ends, and its read says how often and until when it was seen; one that goes on is left alone", async () => {
  const [over, on] = [await plateCity(host), await plateCity(host)];
  await show(over, 200, plate("ABC1D23", { x: 0.3 }));
  await show(over, 198, plate("ABC1D23", { x: 0.6 }));
  await show(on, 20, plate("ABC1D23"));
  await close();
  await close();
  expect([await open(over), await open(on)]).toEqual([0, 1]);
  const [read] = await readsOf(over);
  expect(read?.["reading"]).toMatchObject({ looks: 2, last_at: new Date(now - 198_000).toISOString() });
  expect(await readsOf(over)).toHaveLength(1);
});

test("what could not be read is told once as a passage without a plate, with its pictures, for somebody to look at", async () => {
  const city = await plateCity(host);
  await show(city, 200, plate(null));
  await close();
  await close();
  const reads = await readsOf(city);
  expect(reads).toMatchObject([{ plate: null, needs_review: true, source: "frame" }]);
  expect(await host.objects.get("lpr-images", reads[0]?.["image_url"])).not.toBeNull();
  expect((await host.events("lpr.detected")).filter(({ cidadeid }) => cidadeid === city.cidade_id)).toHaveLength(1);
});

test("what was hardly a plate at all leaves nothing behind", async () => {
  const city = await plateCity(host);
  await show(city, 200, plate(null, { score: 0.3 }));
  expect(await pictures(city)).toBe(2);
  await close();
  expect([await open(city), (await readsOf(city)).length, await pictures(city)]).toEqual([0, 0, 0]);
});

test("a parked vehicle that is hidden for a while is still the same; hidden for long it is gone", async () => {
  const city = await plateCity(host);
  for (const ago of [2400, 2380, 2360, 2340, 2320, 2300, 2280]) await show(city, ago, plate("ABC1D23"));
  await show(city, 1500, plate("ABC1D23"));
  await close();
  expect([await open(city), (await readsOf(city)).length]).toEqual([1, 1]);
  await host.database.owner`
    update plate_passages set last_at = last_at - interval '10 minutes' where cidade_id = ${city.cidade_id}`;
  await close();
  expect(await open(city)).toBe(0);
});
