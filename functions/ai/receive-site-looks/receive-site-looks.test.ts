import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { uuidv7 } from "#lib/ids.ts";
import { noLog } from "#lib/log.ts";
import { sitePlateOf } from "#lib/wire/site-looks.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";
import { everythingOfPlates, plateCity, tinyJpeg } from "#test/harness/plates.ts";
import { foundOf, frameOf, plate, seeing, type Seeing, type Shown } from "#test/harness/sight.ts";

let host: TestHost;
let sight: Seeing;
beforeAll(async () => {
  sight = seeing();
  host = await testHost(catalogue, { log: noLog, grants: { sight } });
});
afterAll(() => host.close());

const start = Date.now() - 3_600_000;
const at = (seconds: number): Date => new Date(start + seconds * 1000);
const jpeg = tinyJpeg.toString("base64");

const siteOf = async () => {
  const city = await plateCity(host);
  const { cidade_id } = city;
  const agent = await host.asAgent(cidade_id);
  const camera_id = await host.camera(cidade_id, { agent_id: agent.id });
  return { ...city, agent, camera_id };
};
type Site = Awaited<ReturnType<typeof siteOf>>;
type Changes = Record<string, unknown>;

const looksAt = ({ camera_id }: Site, seconds: number, shown: readonly Shown[], changes: Changes = {}) => ({
  frame_id: uuidv7(),
  camera_id,
  captured_at: at(seconds).toISOString(),
  reader_version: "test-1",
  picture: { width: 1280, height: 720 },
  plates: shown.map((one) => sitePlateOf(foundOf(one))),
  carriers: null,
  passers: [],
  ...changes,
});
const photographs = (...of: number[]) => ({ scene: jpeg, plates: of.map((one) => ({ of: one, plate: jpeg })) });
const post = (site: Site, body: unknown) => site.agent.post("/api/agents/looks", body);
/** As an agent does: once without pictures, and again with those that are asked for. */
const tell = async (site: Site, looks: ReturnType<typeof looksAt>): Promise<number[]> => {
  const first = await post(site, looks);
  expect(first.status, JSON.stringify(first.body)).toBe(200);
  const { wanted } = first.body as { wanted: number[] };
  if (wanted.length > 0)
    expect((await post(site, { ...looks, photographs: photographs(...wanted) })).body).toEqual({ wanted: [] });
  return wanted;
};
const readsOf = ({ cidade_id }: Site) =>
  host.database.owner`select * from lpr_events where cidade_id = ${cidade_id} order by captured_at, id`;
const passagesOf = ({ cidade_id }: Site) =>
  host.database.owner`select * from plate_passages where cidade_id = ${cidade_id} order by captured_at, id`;
const pictures = async ({ cidade_id }: Site) =>
  (await host.objects.list("lpr-images", `${cidade_id}/`)).map(({ key }) => key);

describe("plates read at a site", () => {
  test("become a read with its pictures, told as read at the site, and raise their alerts", async () => {
    const site = await siteOf();
    await site.watch("ABC1D23");
    expect(await tell(site, looksAt(site, 0, [plate("ABC1D23")]))).toEqual([0]);
    const [read] = await readsOf(site);
    expect(read).toMatchObject({
      plate: "ABC1D23",
      source: "frame",
      reader_version: "test-1@site",
      captured_at: at(0),
      needs_review: false,
    });
    expect(await pictures(site)).toEqual([read?.["plate_image_url"], read?.["image_url"]]);
    await host.drain();
    const alerts = await site.operator.get(`/api/alerts?cidade_id=${site.cidade_id}`);
    expect(alerts.body.items).toMatchObject([{ plate: "ABC1D23", read: { source: "frame" } }]);
  });

  test("are the same read as of a frame that was looked at here", async () => {
    const [site, here] = [await siteOf(), await siteOf()];
    const shown = plate("ABC1D23", { confidence: 0.7, doubts: { 4: { D: 0.7, O: 0.25 } } });
    await tell(site, looksAt(site, 0, [shown]));
    const frame = frameOf(here, [shown], { captured_at: at(0) });
    expect(await host.host.handleFrame("read-plates", { frame, attempt: 1 })).toEqual({ done: true });
    const [[there], [own]] = [await readsOf(site), await readsOf(here)];
    const told = ["plate", "plate_raw", "confidence", "alternatives", "reading", "vehicle", "needs_review", "source"];
    for (const name of told) expect(there?.[name], name).toEqual(own?.[name]);
  });

  test("are written only when the pictures that are wanted are there, and pictures are wanted only when they are kept", async () => {
    const site = await siteOf();
    const first = looksAt(site, 0, [plate("ABC1D23", { x: 0.2 }), plate("XYZ9K87", { x: 0.8 })]);
    expect((await post(site, first)).body).toEqual({ wanted: [0, 1] });
    expect((await post(site, { ...first, photographs: photographs(1) })).body).toEqual({ wanted: [0] });
    expect(await readsOf(site)).toEqual([]);
    expect((await post(site, { ...first, photographs: photographs(0, 1) })).body).toEqual({ wanted: [] });
    expect(await readsOf(site)).toHaveLength(2);
    const stored = await pictures(site);
    expect(await tell(site, looksAt(site, 1, [plate("ABC1D23", { x: 0.25 })]))).toEqual([]);
    expect(new Set((await passagesOf(site)).map(({ looks }) => looks))).toEqual(new Set([1, 2]));
    expect(await pictures(site)).toEqual(stored);
  });

  test("that are told twice, also side by side, have one effect", async () => {
    const site = await siteOf();
    const looks = { ...looksAt(site, 0, [plate("ABC1D23")]), photographs: photographs(0) };
    const answers = await Promise.all([post(site, looks), post(site, looks)]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect((await post(site, looks)).body).toEqual({ wanted: [] });
    expect(await readsOf(site)).toHaveLength(1);
    expect(await passagesOf(site)).toMatchObject([{ looks: 1 }]);
    const told = (await host.events("lpr.detected")).filter(({ data }) => data["camera_id"] === site.camera_id);
    expect(told).toHaveLength(1);
  });

  test("of a frame that was looked at here too have one effect", async () => {
    const site = await siteOf();
    const frame = frameOf(site, [plate("ABC1D23")], { captured_at: at(0) });
    await host.host.handleFrame("read-plates", { frame, attempt: 1 });
    await tell(site, looksAt(site, 0, [plate("ABC1D23")], { frame_id: frame.id }));
    expect(await passagesOf(site)).toMatchObject([{ looks: 1 }]);
  });

  test("say what carries them, and who passed without a plate is counted once", async () => {
    const site = await siteOf();
    const vehicle = { type: "car", color: "red", width_m: 1.8 };
    const passer = { first_at: at(1).toISOString(), last_at: at(4).toISOString(), looks: 4, observer: uuidv7() };
    await tell(site, looksAt(site, 5, [plate("ABC1D23")], { carriers: [vehicle], passers: [passer] }));
    const reads = await readsOf(site);
    expect(reads.map((read) => [read["plate"], read["vehicle"]["type"]])).toEqual([
      [null, "unknown"],
      ["ABC1D23", "car"],
    ]);
    expect(reads[0]).toMatchObject({ captured_at: at(1), reader_version: "test-1@site" });
  });
});

describe("what is refused", () => {
  test("a camera of another agent or another city is not there, and a person may not tell", async () => {
    const [site, other] = [await siteOf(), await siteOf()];
    const neighbour = await host.asAgent(site.cidade_id);
    const looks = looksAt(site, 0, [plate("ABC1D23")]);
    for (const agent of [neighbour, other.agent]) {
      const { status, body } = await agent.post("/api/agents/looks", looks);
      expect([status, body.reason]).toEqual([404, "camera.unknown"]);
    }
    const person = await host.as(everythingOfPlates, [site.cidade_id]);
    expect((await person.post("/api/agents/looks", looks)).status).toBe(401);
    expect(await readsOf(site)).toEqual([]);
  });

  test("a time that cannot be, of the frame or of who passed", async () => {
    const site = await siteOf();
    const hours = (count: number): string => new Date(Date.now() + count * 3_600_000).toISOString();
    const passed = (first_at: string) => ({ passers: [{ first_at, last_at: hours(0), looks: 3, observer: uuidv7() }] });
    for (const changes of [{ captured_at: hours(-25) }, { captured_at: hours(2) }, passed(hours(-25))]) {
      const { status, body } = await post(site, looksAt(site, 0, [plate("ABC1D23")], changes));
      expect([status, body.reason]).toEqual([422, "frame.time"]);
    }
    expect((await post(site, looksAt(site, 0, [plate("ABC1D23")], { captured_at: hours(-23) }))).status).toBe(200);
  });

  const one = sitePlateOf(foundOf(plate("ABC1D23")));
  const withPlate = (changes: Changes) => ({ plates: [{ ...one, ...changes }] });
  const withLog = (log: unknown) => withPlate({ positions: one.positions.map((logs) => [log, ...logs.slice(1)]) });
  test.each<[string, number, Changes]>([
    ["33 plates", 400, { plates: Array.from({ length: 33 }, () => one) }],
    ["a text of another length", 400, withPlate({ text: "ABC1D2" })],
    ["six positions", 400, withPlate({ positions: one.positions.slice(1) })],
    ["35 characters", 400, withPlate({ positions: one.positions.map((logs) => logs.slice(1)) })],
    ["a probability above 1", 400, withLog(0.1)],
    ["a probability that is none", 400, withLog(null)],
    ["a confidence above 1", 400, withPlate({ confidence: 1.1 })],
    ["three corners", 400, withPlate({ corners: one.corners.slice(1) })],
    ["a corner without end", 400, withPlate({ corners: [{ x: 1e300, y: 0 }, ...one.corners.slice(1)] })],
    ["a plate without width", 400, withPlate({ box: { ...one.box, width: 0 } })],
    ["an unknown name", 400, withPlate({ colour: "red" })],
    ["a picture without width", 400, { picture: { width: 0, height: 720 } }],
    ["a version that is none", 400, { reader_version: "a b" }],
    ["a plate outside the picture", 422, { picture: { width: 600, height: 720 } }],
    ["carriers for other plates", 422, { carriers: [] }],
    ["a picture of no plate", 422, { photographs: photographs(1) }],
    ["a scene that is no JPEG", 422, { photographs: { ...photographs(0), scene: "AAAA" } }],
    ["a scene above 3 MiB", 400, { photographs: { ...photographs(0), scene: "A".repeat(4_194_308) } }],
    [
      "who was gone before",
      422,
      { passers: [{ first_at: at(2).toISOString(), last_at: at(1).toISOString(), looks: 3, observer: uuidv7() }] },
    ],
  ])("%s", async (_what, status, changes) => {
    const site = await siteOf();
    const answer = await post(site, looksAt(site, 0, [plate("ABC1D23")], changes));
    expect(answer.status, JSON.stringify(answer.body)).toBe(status);
    expect(await readsOf(site)).toEqual([]);
  });

  test("nothing, where the object store is away: the agent tells again, and it is one read", async () => {
    const site = await siteOf();
    const looks = { ...looksAt(site, 0, [plate("ABC1D23")]), photographs: photographs(0) };
    const { put } = host.objects;
    Object.assign(host.objects, { put: () => Promise.reject(new TypeError("away")) });
    expect((await post(site, looks)).status).toBeGreaterThanOrEqual(500);
    Object.assign(host.objects, { put });
    expect(await readsOf(site)).toEqual([]);
    expect((await post(site, looks)).body).toEqual({ wanted: [] });
    expect(await readsOf(site)).toHaveLength(1);
  });
});
