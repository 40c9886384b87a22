import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { noLog } from "#lib/log.ts";
import type { VehicleSeen } from "#lib/vision/vehicles/vehicles.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";
import { plateCity } from "#test/harness/plates.ts";
import { frameOf, plate, seeing, type Seeing } from "#test/harness/sight.ts";

let host: TestHost;
let sight: Seeing;
beforeAll(async () => {
  sight = seeing();
  host = await testHost(catalogue, { log: noLog, grants: { sight } });
});
afterAll(() => host.close());

type City = Awaited<ReturnType<typeof plateCity>>;
const start = Date.now() - 3_600_000;
const vehicle = (type: VehicleSeen["type"], color: VehicleSeen["color"] = null): VehicleSeen => ({
  type,
  color,
  width_m: type === "car" ? 1.8 : null,
});
const show = async ({ cidade_id, camera }: City, seconds: number, seen: VehicleSeen | null): Promise<void> => {
  const frame = frameOf(
    { cidade_id, camera_id: camera.id },
    [plate("ABC1D23", { x: 0.2 + seconds / 20, vehicle: seen })],
    {
      captured_at: new Date(start + seconds * 1000),
    },
  );
  expect(await host.host.handleFrame("read-plates", { frame, attempt: 1 })).toEqual({ done: true });
};
const vehicleOf = async (city: City) => {
  const reads = await host.database.owner<{ vehicle: unknown }[]>`
    select vehicle from lpr_events where cidade_id = ${city.cidade_id}`;
  expect(reads).toHaveLength(1);
  return reads[0]?.vehicle;
};

test("a read says what carries its plate, as soon as a look tells, and shows it to who may see plates", async () => {
  const city = await plateCity(host);
  await show(city, 0, vehicle(null));
  expect(await vehicleOf(city)).toEqual({
    type: "unknown",
    type_confidence: null,
    color: "unknown",
    color_confidence: null,
  });
  await show(city, 1, vehicle("car", "red"));
  const told = { type: "car", type_confidence: 0.95, color: "red", color_confidence: 0.9 };
  expect(await vehicleOf(city)).toEqual(told);
  const { body } = await city.operator.get(`/api/plates?cidade_id=${city.cidade_id}`);
  expect(body.items).toMatchObject([{ plate: "ABC1D23", vehicle: told }]);
});

test("looks that contradict each other say nothing; most of them say it with less certainty", async () => {
  const [even, mostly] = [await plateCity(host), await plateCity(host)];
  await show(even, 0, vehicle("car", "red"));
  await show(even, 1, vehicle("car", "dark"));
  expect(await vehicleOf(even)).toMatchObject({ type: "car", color: "unknown", color_confidence: null });
  for (const [seconds, color] of (["red", "red", "dark", "red"] as const).entries())
    await show(mostly, seconds, vehicle("car", color));
  expect(await vehicleOf(mostly)).toMatchObject({ color: "red", color_confidence: 0.68 });
});

test("a passage that ends says what all its looks say, also those that were no news", async () => {
  const city = await plateCity(host);
  await show(city, 0, vehicle("motorcycle"));
  for (const seconds of [1, 2, 3]) await show(city, seconds, vehicle("motorcycle", "blue"));
  await host.host.runCron("close-passages", new Date());
  expect(await vehicleOf(city)).toEqual({
    type: "motorcycle",
    type_confidence: 0.97,
    color: "blue",
    color_confidence: 0.9,
  });
});

test("where nobody looks for vehicles nothing is said of them", async () => {
  const city = await plateCity(host);
  await show(city, 0, null);
  await show(city, 1, null);
  expect(await vehicleOf(city)).toBeNull();
});

describe("a vehicle that passes without showing a plate", () => {
  type Told = { total: number; types: Record<string, number> }[];
  const counted = async ({ cidade_id, operator }: City): Promise<number> => {
    const { body } = await operator.get(`/api/vehicle-counts?cidade_id=${cidade_id}`);
    return (body.items as Told).reduce((sum, { total }) => sum + total, 0);
  };
  const pass = async ({ cidade_id, camera }: City, seconds: number, observer = "one"): Promise<void> => {
    const at = (more: number) => new Date(start + (seconds + more) * 1000);
    sight.passers.push({ first_at: at(0), last_at: at(2), looks: 4, observer });
    const frame = frameOf({ cidade_id, camera_id: camera.id }, [], { captured_at: at(4) });
    expect(await host.host.handleFrame("read-plates", { frame, attempt: 1 })).toEqual({ done: true });
  };

  test("is counted, of unknown type, and is in no list of plates", async () => {
    const city = await plateCity(host);
    await pass(city, 0);
    await pass(city, 0.5);
    expect(await counted(city)).toBe(2);
    const { body } = await city.operator.get(`/api/vehicle-counts?cidade_id=${city.cidade_id}`);
    expect(body.items).toMatchObject([{ total: 2, types: { car: 0, unknown: 2 } }]);
    expect((await city.operator.get(`/api/plates?cidade_id=${city.cidade_id}`)).body.items).toEqual([]);
    expect(await host.events("lpr.detected")).not.toContainEqual(expect.objectContaining({ cidadeid: city.cidade_id }));
  });

  test("is counted once, though two processes saw it, each in its own pictures", async () => {
    const city = await plateCity(host);
    await pass(city, 0, "one");
    await pass(city, 0.5, "two");
    expect(await counted(city)).toBe(1);
    await pass(city, 4, "two");
    expect(await counted(city)).toBe(2);
  });

  test("is not counted where the camera itself told of a passage just then, nor in another city", async () => {
    const [city, other] = [await plateCity(host), await plateCity(host)];
    await city.read("ABC1D23", { detected_at: new Date(start + 4000).toISOString() });
    await pass(city, 0);
    expect([await counted(city), await counted(other)]).toEqual([1, 0]);
    await pass(city, 60);
    expect([await counted(city), await counted(other)]).toEqual([2, 0]);
  });
});
