import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { AppError } from "#lib/errors.ts";
import type { Frame } from "#lib/frames/frames.ts";
import { noLog } from "#lib/log.ts";
import { blindSight } from "#lib/vision/blind.ts";
import type { Pictures } from "#lib/vision/sight.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";
import { plateCity } from "#test/harness/plates.ts";
import { frameOf, plate, seeing, type Seeing, type Shown } from "#test/harness/sight.ts";

let host: TestHost;
let sight: Seeing;
beforeAll(async () => {
  sight = seeing();
  host = await testHost(catalogue, { log: noLog, grants: { sight } });
});
afterAll(() => host.close());
beforeEach(() => {
  Object.assign(sight.before, seeing().before);
});

type City = Awaited<ReturnType<typeof plateCity>>;
const start = Date.now() - 3_600_000;
const at = (seconds: number): Date => new Date(start + seconds * 1000);
const cameraOf = ({ cidade_id, camera }: City) => ({ cidade_id, camera_id: camera.id });
const show = async (city: City, seconds: number, ...shown: Shown[]): Promise<Frame> => {
  const frame = frameOf(cameraOf(city), shown, { captured_at: at(seconds) });
  expect(await handle(frame)).toEqual({ done: true });
  return frame;
};
const handle = (frame: Frame, attempt = 1) => host.host.handleFrame("read-plates", { frame, attempt });
type Row = {
  id: string;
  plate: string | null;
  confidence: number;
  captured_at: Date;
  sighting_id: string;
  needs_review: boolean;
  image_url: string;
  plate_image_url: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- a test asserts on what came, whatever its type
  reading: any;
};
const readsOf = ({ cidade_id }: City) =>
  host.database.owner<Row[]>`select * from lpr_events where cidade_id = ${cidade_id} order by captured_at, id`;
const eventsOf = async ({ cidade_id }: City) =>
  (await host.database.owner`select type, data from outbox where cidade_id = ${cidade_id} order by id`).map(
    ({ type, data }) => [type, data.plate],
  );
const pictures = async ({ cidade_id }: City) =>
  (await host.objects.list("lpr-images", `${cidade_id}/`)).map(({ key }) => key);
const alertsOf = async (city: City) => {
  await host.drain();
  return (await city.operator.get(`/api/alerts?cidade_id=${city.cidade_id}`)).body.items;
};
const passagesOf = ({ cidade_id }: City) =>
  host.database.owner`select * from plate_passages where cidade_id = ${cidade_id} order by captured_at, id`;

describe("a plate in a frame", () => {
  test("becomes a read with its pictures, its characters and where it was, and is told", async () => {
    const city = await plateCity(host);
    await show(city, 0, plate("ABC1D23", { doubts: { 4: { D: 0.9, O: 0.08 } } }));
    const [read] = await readsOf(city);
    expect(read).toMatchObject({
      plate: "ABC1D23",
      source: "frame",
      reader_version: "test-1",
      needs_review: false,
      captured_at: at(0),
      image_problem: null,
      vehicle: null,
      reading: { looks: 1, rows: 1, picture: { width: 1280, height: 720 }, box: { x: 580, width: 120 } },
    });
    expect(read?.sighting_id).toBe(read?.id);
    expect(read?.reading.positions[4][0].character).toBe("D");
    expect(read?.reading.positions[4][1]).toMatchObject({ character: "O" });
    expect(await pictures(city)).toEqual([read?.plate_image_url, read?.image_url]);
    expect(await eventsOf(city)).toEqual([["lpr.detected", "ABC1D23"]]);
    const found = await city.operator.post("/api/plates/search", {
      cidade_ids: [city.cidade_id],
      plate: "AB?1D*",
      purpose: "system_check",
    });
    expect(found.body.items).toMatchObject([{ id: read?.id }]);
  });

  test("is no read where there is none, and several are several", async () => {
    const city = await plateCity(host);
    await show(city, 0);
    expect(await readsOf(city)).toEqual([]);
    await show(city, 10, plate("ABC1D23", { x: 0.2 }), plate("XYZ9K87", { x: 0.8 }));
    expect(new Set((await readsOf(city)).map((read) => read.plate))).toEqual(new Set(["ABC1D23", "XYZ9K87"]));
  });

  test("that is offered again after a crash has one effect, also at two workers at once", async () => {
    const city = await plateCity(host);
    const frame = frameOf(cameraOf(city), [plate("ABC1D23"), plate("XYZ9K87", { x: 0.2 })], { captured_at: at(0) });
    expect(await Promise.all([handle(frame), handle(frame)])).toEqual([{ done: true }, { done: true }]);
    await handle(frame, 2);
    expect(await readsOf(city)).toHaveLength(2);
    expect(await eventsOf(city)).toHaveLength(2);
    expect(await pictures(city)).toHaveLength(4);
    expect((await passagesOf(city)).map(({ looks }) => looks)).toEqual([1, 1]);
  });

  test("of a time that cannot be is refused: no day could be believed", async () => {
    const city = await plateCity(host);
    for (const captured_at of [new Date("1970-01-01T00:00:00Z"), new Date(Date.now() + 2 * 3_600_000)])
      expect(await handle(frameOf(cameraOf(city), [plate("ABC1D23")], { captured_at }))).toMatchObject({ final: true });
    expect(await readsOf(city)).toEqual([]);
  });

  test("is nobody else's: another city's transaction sees neither read nor passage", async () => {
    const [city, other] = [await plateCity(host), await plateCity(host)];
    await show(city, 0, plate("ABC1D23"));
    const [read] = await readsOf(city);
    expect((await other.operator.get(`/api/plates/${read?.id}`)).status).toBe(404);
    const foreign = frameOf({ cidade_id: other.cidade_id, camera_id: city.camera.id }, [plate("ABC1D23")]);
    expect(await handle(foreign)).not.toEqual({ done: true });
    expect(await readsOf(other)).toEqual([]);
  });
});

describe("a passage", () => {
  test("is one read, however often its vehicle was looked at on its way", async () => {
    const city = await plateCity(host);
    for (const [seconds, x] of [
      [0, 0.2],
      [2, 0.4],
      [4, 0.6],
      [20, 0.9],
    ] as const)
      await show(city, seconds, plate("ABC1D23", { x }));
    expect(await readsOf(city)).toMatchObject([{ plate: "ABC1D23", captured_at: at(0), reading: { looks: 1 } }]);
    expect(await passagesOf(city)).toMatchObject([{ looks: 4, last_at: at(20) }]);
    await show(city, 51, plate("ABC1D23", { x: 0.2 }));
    expect(await readsOf(city)).toHaveLength(2);
  });

  test("says what all looks say together: a doubtful first text is corrected under the same id, and told once", async () => {
    const city = await plateCity(host);
    await show(city, 0, plate("ABC1O23", { confidence: 0.6, width_px: 40, doubts: { 4: { O: 0.55, D: 0.4 } } }));
    const [first] = await readsOf(city);
    expect(first).toMatchObject({ plate: "ABC1O23", needs_review: true });
    await show(city, 2, plate("ABC1D23", { x: 0.55 }));
    await show(city, 4, plate("ABC1D23", { x: 0.6 }));
    const reads = await readsOf(city);
    expect(reads).toMatchObject([{ id: first?.id, plate: "ABC1D23", needs_review: false }]);
    expect(reads[0]?.reading.earlier).toMatchObject([{ plate: "ABC1O23" }]);
    expect(await eventsOf(city)).toEqual([
      ["lpr.detected", "ABC1O23"],
      ["lpr.corrected", "ABC1D23"],
    ]);
    const keys = await host.database
      .owner`select key from lpr_plate_keys where event_id = ${first?.id ?? ""} order by key`;
    expect(keys.map(({ key }) => key)).toEqual(["0AB", "1BC", "2C1", "31D", "4D2", "523"]);
  });

  test("keeps the pictures of its best look, and those that it replaced go", async () => {
    const city = await plateCity(host);
    await show(city, 0, plate("ABC1D23", { width_px: 40 }));
    const early = await pictures(city);
    await show(city, 2, plate("ABC1D23", { x: 0.55, width_px: 120 }));
    const [read] = await readsOf(city);
    const now = await pictures(city);
    expect(now).toEqual([read?.plate_image_url, read?.image_url]);
    expect(now.filter((key) => early.includes(key))).toEqual([]);
    expect(read?.reading.box.width).toBe(120);
  });

  test("is the same in whatever order its frames come, and over midnight it stays in the day in which it was first told", async () => {
    const city = await plateCity(host);
    await show(city, 4, plate("ABC1D23", { x: 0.6 }));
    await show(city, 0, plate("ABC1D23", { x: 0.4 }));
    await show(city, 2, plate("ABC1D23", { x: 0.5 }));
    expect(await readsOf(city)).toMatchObject([{ captured_at: at(4) }]);
    expect(await passagesOf(city)).toMatchObject([{ looks: 3, first_at: at(0), last_at: at(4) }]);
    const midnight = new Date(new Date().setUTCHours(0, 0, 0, 0));
    for (const [ms, x] of [
      [-1000, 0.2],
      [1000, 0.4],
    ] as const) {
      const captured_at = new Date(midnight.getTime() + ms);
      const doubtful = { x, confidence: ms < 0 ? 0.5 : 0.99, doubts: ms < 0 ? { 6: { 7: 0.5, 1: 0.45 } } : {} };
      await handle(frameOf(cameraOf(city), [plate("QRS4T67", doubtful)], { captured_at }));
    }
    const over = (await readsOf(city)).filter((read) => read.plate === "QRS4T67");
    expect(over).toMatchObject([{ captured_at: new Date(midnight.getTime() - 1000), needs_review: false }]);
  });

  test("of another vehicle at the same place is another one", async () => {
    const city = await plateCity(host);
    await show(city, 0, plate("ABC1D23"));
    await show(city, 3, plate("XYZ9K87"));
    expect((await readsOf(city)).map((read) => read.plate)).toEqual(["ABC1D23", "XYZ9K87"]);
  });

  test("whose plate cannot be read waits for a better look, and is told at its end without one", async () => {
    const city = await plateCity(host);
    await show(city, 0, plate(null, { x: 0.3 }));
    expect(await readsOf(city)).toEqual([]);
    await show(city, 2, plate("ABC1D23", { x: 0.5 }));
    expect(await readsOf(city)).toMatchObject([{ plate: "ABC1D23", captured_at: at(0) }]);
    const unread = await plateCity(host);
    await show(unread, 0, plate(null));
    expect(await host.host.runCron("close-passages", new Date())).toEqual({ done: true });
    expect(await readsOf(unread)).toMatchObject([{ plate: null, needs_review: true, captured_at: at(0) }]);
    expect(await eventsOf(unread)).toEqual([["lpr.detected", null]]);
  });
});

describe("a parked vehicle", () => {
  const parkedCity = async (): Promise<City> => {
    const city = await plateCity(host);
    for (let seconds = 0; seconds <= 130; seconds += 10) await show(city, seconds, plate("ABC1D23"));
    return city;
  };

  test("is told once, and counted from then on without a word", async () => {
    const city = await parkedCity();
    for (let seconds = 140; seconds <= 900; seconds += 40) await show(city, seconds, plate("ABC1D23"));
    expect(await readsOf(city)).toHaveLength(1);
    expect(await eventsOf(city)).toHaveLength(1);
    const [passage] = await passagesOf(city);
    expect(passage).toMatchObject({ looks: 13 });
    expect(passage?.["suppressed"]).toBeGreaterThan(3);
  });

  test("is told again when it leaves its place", async () => {
    const city = await parkedCity();
    await show(city, 400, plate("ABC1D23", { x: 0.8 }));
    expect((await readsOf(city)).map((read) => read.plate)).toEqual(["ABC1D23", "ABC1D23"]);
  });

  test("that waits at a red light is no parked one", async () => {
    const city = await plateCity(host);
    for (const seconds of [0, 20, 40, 60]) await show(city, seconds, plate("ABC1D23"));
    await show(city, 70, plate("ABC1D23", { x: 0.8 }));
    expect(await readsOf(city)).toHaveLength(1);
  });
});

describe("an alert", () => {
  test("is raised for the corrected text, and never twice for an entry and a passage", async () => {
    const city = await plateCity(host);
    await city.watch("ABC1D23");
    await show(city, 0, plate("ABC1O23", { confidence: 0.6, width_px: 40, doubts: { 4: { O: 0.55, D: 0.4 } } }));
    expect(await alertsOf(city)).toEqual([]);
    for (const seconds of [2, 4, 6]) await show(city, seconds, plate("ABC1D23"));
    expect(await alertsOf(city)).toMatchObject([{ plate: "ABC1D23" }]);
  });

  test("is one for a passage that the camera read as well, whichever came first", async () => {
    const [frameFirst, cameraFirst] = [await plateCity(host), await plateCity(host)];
    const posted = { detected_at: at(3).toISOString(), event_id: "p1" };
    await frameFirst.watch("ABC1D23");
    await show(frameFirst, 0, plate("ABC1D23"));
    await frameFirst.read("ABC1D23", posted);
    await cameraFirst.watch("ABC1D23");
    await cameraFirst.read("ABC1D28", posted);
    await show(cameraFirst, 0, plate("ABC1D23"));
    for (const city of [frameFirst, cameraFirst]) {
      expect(await alertsOf(city)).toHaveLength(1);
      const reads = await readsOf(city);
      expect(new Set(reads.map((read) => read.sighting_id)).size).toBe(1);
      const details = (await city.operator.get(`/api/plates/${reads[0]?.id}`)).body;
      expect(details.sources.map(({ source }: { source: string }) => source)).toEqual(["frame", "camera"]);
    }
  });

  test("is another one for the next passage of the vehicle", async () => {
    const city = await plateCity(host);
    await city.watch("ABC1D23");
    await show(city, 0, plate("ABC1D23"));
    await show(city, 300, plate("ABC1D23"));
    expect(await alertsOf(city)).toHaveLength(2);
  });
});

describe("what fails", () => {
  test("without models frames are settled and counted, and nothing is decoded", async () => {
    const blind = await testHost(catalogue, { log: noLog, grants: { sight: blindSight("no models here") } });
    const city = await plateCity(blind);
    const frame = frameOf(cameraOf(city), [plate("ABC1D23")]);
    expect(await blind.host.handleFrame("read-plates", { frame, attempt: 1 })).toEqual({ done: true });
    expect((await blind.anyone.get("/_/ready")).body).toEqual({
      ready: true,
      vision: { state: "without_models", reason: "no models here" },
    });
    expect((await blind.anyone.get("/_/health")).body).toEqual({ alive: true, degraded: ["vision"] });
    const metrics = await blind.host.metrics.text();
    expect(metrics).toContain('function_runs_total{function="read-plates",kind="frames",outcome="skipped"} 1');
    expect(metrics).toContain('vision_ready{provider="none"} 0');
    await blind.close();
  });

  test("a frame whose plates were read at its site is not looked at again", async () => {
    const city = await plateCity(host);
    const before = sight.decoded.length;
    const frame = frameOf(cameraOf(city), [plate("ABC1D23")], { read_at_site: true });
    expect(await handle(frame)).toEqual({ done: true });
    expect(sight.decoded).toHaveLength(before);
    expect(await readsOf(city)).toEqual([]);
  });

  test("a picture that cannot be decoded is refused, and its neighbour is read", async () => {
    const city = await plateCity(host);
    const poison = frameOf(cameraOf(city), [], { bytes: Buffer.from("poison") });
    const good = frameOf(cameraOf(city), [plate("ABC1D23")]);
    const [bad, well] = await Promise.all([handle(poison), handle(good)]);
    expect(bad).toMatchObject({ final: true, reason: expect.stringContaining("picture.unknown") });
    expect(well).toEqual({ done: true });
    expect(await readsOf(city)).toHaveLength(1);
  });

  test("a frame that lost to a newer one or is set aside is settled; one whose decoder or networks are away is tried again", async () => {
    const city = await plateCity(host);
    const away = (reason: string) => async () => {
      throw new AppError("unavailable", "Away", { reason });
    };
    for (const reason of ["picture.superseded", "picture.set_aside"]) {
      sight.before.decode = away(reason);
      expect(await handle(frameOf(cameraOf(city), [plate("ABC1D23")]))).toEqual({ done: true });
    }
    sight.before.decode = away("decoder.died");
    expect(await handle(frameOf(cameraOf(city), [plate("ABC1D23")]))).toMatchObject({ park: true });
    sight.before.decode = async () => undefined;
    sight.before.find = away("vision.worker_died");
    const frame = frameOf(cameraOf(city), [plate("ABC1D23")]);
    expect(await handle(frame)).toMatchObject({ park: true });
    expect(await readsOf(city)).toEqual([]);
    sight.before.find = async () => undefined;
    expect(await handle(frame, 2)).toEqual({ done: true });
    expect(await readsOf(city)).toHaveLength(1);
  });

  test("a picture in which nothing has changed is not looked at; one that is offered again is", async () => {
    const city = await plateCity(host);
    let looks = 0;
    sight.before.find = async () => void (looks += 1);
    const { worthLooking, lookForVehicles } = sight.pictures;
    const learnt: string[] = [];
    Object.assign(sight.pictures, {
      worthLooking: () => false,
      lookForVehicles: (source, at, picture) => (learnt.push(source), lookForVehicles(source, at, picture)),
    } satisfies Partial<Pictures>);
    onTestFinished(() => void Object.assign(sight.pictures, { worthLooking, lookForVehicles }));
    const frame = frameOf(cameraOf(city), [plate("ABC1D23")]);
    expect([await handle(frame), looks, await readsOf(city)]).toEqual([{ done: true }, 0, []]);
    // All the same it shows the street, beside which vehicles are seen.
    expect(learnt).toEqual([frame.camera_id]);
    expect([await handle(frame, 2), looks]).toEqual([{ done: true }, 1]);
    expect(await readsOf(city)).toHaveLength(1);
  });

  test("with the object store away nothing is half written, and the next try has its one effect", async () => {
    const city = await plateCity(host);
    const frame = frameOf(cameraOf(city), [plate("ABC1D23")]);
    const { put } = host.objects;
    let puts = 0;
    host.objects.put = async (...args) => {
      // The second of two pictures: the first lies there already.
      if (++puts === 2) throw Object.assign(new Error("gone"), { code: "ECONNREFUSED" });
      return put(...args);
    };
    try {
      expect(await handle(frame)).toMatchObject({ park: true });
    } finally {
      host.objects.put = put;
    }
    expect(await readsOf(city)).toEqual([]);
    expect(await passagesOf(city)).toEqual([]);
    expect(await eventsOf(city)).toEqual([]);
    expect(await handle(frame, 2)).toEqual({ done: true });
    expect(await readsOf(city)).toHaveLength(1);
    expect(await pictures(city)).toHaveLength(2);
  });
});
