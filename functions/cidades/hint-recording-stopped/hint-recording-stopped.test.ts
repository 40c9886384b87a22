import { afterAll, beforeAll, expect, test } from "vitest";
import { uuidv7 } from "#lib/ids.ts";
import { catalogue } from "#functions/catalogue.ts";
import { RecordingStopped } from "#functions/streaming/contract.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";

let host: TestHost;
beforeAll(async () => {
  host = await testHost(catalogue);
});
afterAll(() => host.close());

const heardBy = async (agent_id: string, work: () => Promise<unknown>): Promise<unknown[]> => {
  const heard: unknown[] = [];
  const listening = await host.cache.subscribe(`agents:${agent_id}`, (text) => void heard.push(JSON.parse(text)));
  await work().finally(() => listening.stop());
  return heard;
};
const event = (agent_id: string | null) =>
  host.event(RecordingStopped, { recording_id: uuidv7(), camera_id: uuidv7(), cidade_id: uuidv7(), agent_id });

test("an agent hears at once that it is to stop recording, and no other agent hears of it", async () => {
  const [meant, other] = [uuidv7(), uuidv7()];
  const told = event(meant);
  const toOther = await heardBy(other, async () => {
    const heard = await heardBy(meant, () => host.deliver(told, "hint-recording-stopped"));
    expect(heard).toEqual([{ type: "desired_state_changed" }]);
  });
  expect(toOther).toEqual([]);
});

test("what has no agent concerns none", async () => {
  const heard = await heardBy("null", async () => {
    expect(await host.deliver(event(null), "hint-recording-stopped")).toEqual({ done: true });
  });
  expect(heard).toEqual([]);
});

test("a second delivery only asks the agent to look again: nothing is kept", async () => {
  const agent_id = uuidv7();
  const told = event(agent_id);
  const heard = await heardBy(agent_id, async () => {
    expect(await host.deliver(told, "hint-recording-stopped")).toEqual({ done: true });
    expect(await host.deliver(told, "hint-recording-stopped", 2)).toEqual({ done: true });
  });
  expect(new Set(heard.map((message) => JSON.stringify(message))).size).toBe(1);
  expect(await host.events()).toEqual([]);
});
