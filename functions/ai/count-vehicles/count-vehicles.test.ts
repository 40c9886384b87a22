import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { noLog } from "#lib/log.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";
import { plateCity } from "#test/harness/plates.ts";
import { frameOf, plate, seeing, type Shown } from "#test/harness/sight.ts";

let host: TestHost;
beforeAll(async () => {
  host = await testHost(catalogue, { log: noLog, grants: { sight: seeing() } });
});
afterAll(() => host.close());

type City = Awaited<ReturnType<typeof plateCity>>;
const HOUR = 3_600_000;
/** Ten minutes past a full hour, three hours ago: what is a little later is in the same hour. */
const start = Math.floor(Date.now() / HOUR) * HOUR - 3 * HOUR + 600_000;
const at = (seconds: number): string => new Date(start + seconds * 1000).toISOString();
const counts = async ({ cidade_id, operator }: City, query = "") =>
  operator.get(`/api/vehicle-counts?cidade_id=${cidade_id}${query}`);
const types = (some: Record<string, number>) => ({ car: 0, motorcycle: 0, truck: 0, bus: 0, unknown: 0, ...some });
const show = async ({ cidade_id, camera }: City, seconds: number, shown: Shown): Promise<void> => {
  const frame = frameOf({ cidade_id, camera_id: camera.id }, [shown], { captured_at: new Date(at(seconds)) });
  expect(await host.host.handleFrame("read-plates", { frame, attempt: 1 })).toEqual({ done: true });
};
const car = { type: "car", color: "red", width_m: 1.8 } as const;

test("vehicles are counted per hour and camera, by type, whatever word a camera has for it", async () => {
  const city = await plateCity(host);
  await city.read("AAA1A11", { detected_at: at(0), vehicle: { type: "Carro" } });
  await city.read("BBB1B11", { detected_at: at(60), vehicle: { type: "pickup" } });
  await city.read("CCC1C11", { detected_at: at(120), vehicle: { type: "Ônibus" } });
  await city.read("DDD1D11", { detected_at: at(180), vehicle: { type: "carrinho de mão" } });
  await city.read("EEE1E11", { detected_at: at(3600), vehicle: { type: "motorcycle" } });
  await city.read(null, { detected_at: at(3660) });
  const { status, body } = await counts(city);
  expect(status).toBe(200);
  const camera = { camera_id: city.camera.id, camera_nome: expect.any(String) };
  expect(body.items).toEqual([
    { ...camera, hour: at(-600).replace(/\.\d+/, ".000"), total: 4, types: types({ car: 2, bus: 1, unknown: 1 }) },
    { ...camera, hour: at(3000).replace(/\.\d+/, ".000"), total: 2, types: types({ motorcycle: 1, unknown: 1 }) },
  ]);
});

test("a passage that the camera and a frame read is one vehicle, of the type that one of them knows", async () => {
  const city = await plateCity(host);
  await show(city, 0, plate("ABC1D23", { vehicle: car }));
  await city.read("ABC1D23", { detected_at: at(2) });
  const { body } = await counts(city);
  expect(body.items).toMatchObject([{ total: 1, types: types({ car: 1 }) }]);
});

test("of several cameras each has its own numbers; one can be asked for alone, and from when until when", async () => {
  const city = await plateCity(host);
  const other = await host.asCamera(city.cidade_id);
  await city.read("AAA1A11", { detected_at: at(0) });
  await other.post("/api/lpr/events", { plate: "BBB1B11", confidence: 0.9, detected_at: at(3600) });
  await host.drain();
  const all = await counts(city);
  expect(all.body.items.map((one: { camera_id: string }) => one.camera_id)).toEqual([city.camera.id, other.id]);
  expect((await counts(city, `&camera_id=${other.id}`)).body.items).toHaveLength(1);
  const early = await counts(city, `&from=${at(-60)}&to=${at(60)}`);
  expect(early.body).toMatchObject({ from: at(-60), to: at(60), items: [{ camera_id: city.camera.id }] });
});

describe("refused", () => {
  test("is a window that ends before it begins, or is too long: a day of all cameras, a month of one", async () => {
    const city = await plateCity(host);
    const window = (hours: number) => `&from=${new Date(start - hours * HOUR).toISOString()}&to=${at(0)}`;
    expect((await counts(city, window(24))).status).toBe(200);
    expect((await counts(city, window(25))).status).toBe(422);
    expect((await counts(city, `${window(31 * 24)}&camera_id=${city.camera.id}`)).status).toBe(200);
    expect((await counts(city, `${window(31 * 24 + 1)}&camera_id=${city.camera.id}`)).status).toBe(422);
    expect((await counts(city, `&from=${at(0)}&to=${at(0)}`)).status).toBe(422);
  });

  test("is another city, and who may not see plates", async () => {
    const city = await plateCity(host);
    await city.read("AAA1A11", { detected_at: at(0) });
    const elsewhere = await plateCity(host);
    expect((await elsewhere.operator.get(`/api/vehicle-counts?cidade_id=${city.cidade_id}`)).status).toBe(404);
    const own = await counts(elsewhere, `&camera_id=${city.camera.id}`);
    expect(own.body.items).toEqual([]);
    const viewer = await host.as(["cameras.view"], [city.cidade_id]);
    expect((await viewer.get(`/api/vehicle-counts?cidade_id=${city.cidade_id}`)).status).toBe(403);
  });
});
