import { afterAll, beforeAll, expect, test } from "vitest";
import { CameraCreated } from "#functions/cidades/contract.ts";
import { catalogue } from "#functions/catalogue.ts";
import { uuidv7 } from "#lib/ids.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";

let host: TestHost;
beforeAll(async () => {
  host = await testHost(catalogue);
});
afterAll(() => host.close());

const created = async (record: boolean, camera_id?: string) => {
  const city = await host.city();
  const agent = await host.asAgent(city.id);
  const id = camera_id ?? (await host.camera(city.id, { agent_id: agent.id }));
  return {
    camera_id: id,
    event: host.event(CameraCreated, { camera_id: id, cidade_id: city.id, agent_id: agent.id, record }),
  };
};
const recordings = (camera_id: string) =>
  host.database.owner`select status from recordings where camera_id = ${camera_id}`;

test("a new camera is recorded where that was wanted, once, however often that is delivered", async () => {
  const { camera_id, event } = await created(true);
  expect(await host.deliver(event, "record-new-camera")).toEqual({ done: true });
  expect(await host.deliver(event, "record-new-camera", 2)).toEqual({ done: true });
  expect(await recordings(camera_id)).toEqual([{ status: "RECORDING" }]);
  const told = (await host.events("recording.started")).filter(({ data }) => data["camera_id"] === camera_id);
  expect(told).toMatchObject([{ correlationid: event.correlationid }]);
});

test("a camera stopped in the meantime is not started by a late second delivery", async () => {
  const { camera_id, event } = await created(true);
  await host.deliver(event, "record-new-camera");
  const manager = await host.as(["recordings.manage"]);
  await manager.post("/api/recordings/stop", { camera_id });
  await host.deliver(event, "record-new-camera", 2);
  expect(await recordings(camera_id)).toEqual([{ status: "STOPPED" }]);
});

test("a new camera is not recorded where that was not wanted", async () => {
  const { camera_id, event } = await created(false);
  expect(await host.deliver(event, "record-new-camera")).toEqual({ done: true });
  expect(await recordings(camera_id)).toEqual([]);
});

test("a camera that the message's city does not have is refused", async () => {
  const { event } = await created(true, uuidv7());
  expect(await host.deliver(event, "record-new-camera")).toMatchObject({ failed: true });
});
