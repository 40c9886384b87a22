import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CloudEvent } from "#lib/events.ts";
import type { Frame } from "#lib/frames/frames.ts";
import { uuidv7 } from "#lib/ids.ts";
import { SYSTEM_TOKEN, testHost, type TestHost } from "#test/harness/host.ts";
import { answerReply } from "./answer.ts";
import { Noted, testCatalogue } from "./testing.ts";

let host: TestHost;
let city: { id: string };
let camera: string;
const woken = { times: 0 };

beforeAll(async () => {
  host = await testHost(testCatalogue, { onEvents: () => (woken.times += 1) });
  city = await host.city();
  camera = await host.camera(city.id);
});
afterAll(() => host.close());

const written = async (text: string): Promise<{ event: CloudEvent; id: string }> => {
  const operator = await host.as(["recordings.manage"], [city.id]);
  const { body } = await operator.post("/api/notes", { cidade_id: city.id, camera_id: camera, text });
  const [event] = (await host.events()).filter(({ subject }) => subject === body.id);
  if (!event) throw new Error("no event");
  return { event, id: body.id };
};
const textOf = async (id: string) =>
  (await host.database.owner`select detail from gaps where id = ${id}`)[0]?.["detail"];

const post = async (name: string, body: unknown, headers: Record<string, string> = {}) => {
  const response = await host.host.fetch(
    new Request(`http://gt.test/_/functions/${name}`, {
      method: "POST",
      body: body instanceof Uint8Array ? (body as BodyInit) : JSON.stringify(body),
      headers: { authorization: `Bearer ${SYSTEM_TOKEN}`, "content-type": "application/cloudevents+json", ...headers },
    }),
  );
  const { reason } = response.status === 204 ? {} : ((await response.json()) as { reason?: string });
  const [final, wait] = ["x-final", "retry-after"].map((header) => response.headers.get(header));
  return { status: response.status, final, wait, reason };
};

describe("a message", () => {
  test("delivered twice, or five times at once, has one effect", async () => {
    const { event, id } = await written("n");
    const answers = await Promise.all([1, 2, 3, 4, 5].map(() => host.deliver(event, "count-notes")));
    expect(answers).toEqual(answers.map(() => ({ done: true })));
    expect(await textOf(id)).toBe("n+");
    expect(await host.deliver(event, "count-notes")).toEqual({ done: true });
    expect(await textOf(id)).toBe("n+");
  });

  test("is claimed by each function for itself, also where the work is outside a transaction", async () => {
    const { event, id } = await written("m");
    await host.deliver(event, "count-notes");
    await host.deliver(event, "copy-note");
    await host.deliver(event, "copy-note");
    expect(await textOf(id)).toBe("m+!");
  });

  test("that fails leaves nothing and may come again", async () => {
    const { event, id } = await written("poison");
    expect(await host.deliver(event, "count-notes")).toEqual({
      failed: true,
      reason: expect.stringContaining("internal"),
    });
    expect(await textOf(id)).toBe("poison");
    expect(await host.deliver(event, "count-notes", 2)).toMatchObject({ failed: true });
  });

  test("older than the inbox remembers is refused for good: it might have its effect twice", async () => {
    const { event, id } = await written("n");
    const old = (days: number) => ({ ...event, id: uuidv7(Date.now() - days * 86_400_000) });
    expect(await host.deliver(old(30), "count-notes")).toMatchObject({
      final: true,
      reason: expect.stringContaining("message.too_old"),
    });
    expect(await textOf(id)).toBe("n");
    expect(await host.deliver(old(29.9), "count-notes")).toEqual({ done: true });
  });

  test("is parked while a dependency is away, and refused for good when it must be", async () => {
    const away = await written("away");
    expect(await host.deliver(away.event, "count-notes")).toEqual({
      park: true,
      seconds: 7,
      reason: "unavailable: Down",
    });
    expect(await host.deliver(away.event, "count-notes", 3)).toEqual({ done: true });
    expect(await host.deliver((await written("final")).event, "count-notes")).toMatchObject({ final: true });
  });

  test("whose data has the wrong form is final, one of a later version waits, unknown names are dropped", async () => {
    const { event } = await written("v");
    const count = (changed: Partial<CloudEvent>) => host.deliver({ ...event, ...changed }, "count-notes");
    expect(await count({ data: { note_id: "x" } })).toMatchObject({ final: true });
    expect(await count({ type: "other.thing" })).toMatchObject({ final: true });
    const later = await count({ dataschema: "/schemas/note.written/2" });
    expect(later).toMatchObject({ park: true, seconds: 60, only: "message" });
    expect(answerReply(later)).toMatchObject({ status: 503, headers: { "retry-after": "60", "x-park": "message" } });
    expect(await count({ data: { ...event.data, later: 1 } })).toEqual({ done: true });
  });

  test("touches the rows of its own city only", async () => {
    const { event, id } = await written("city");
    const other = await host.city();
    expect(await host.deliver({ ...event, cidadeid: other.id }, "count-notes")).toEqual({ done: true });
    expect(await textOf(id)).toBe("city");
  });

  test("for a function that is not here fails, it is not lost", async () => {
    const event = host.event(Noted, { note_id: uuidv7(), cidade_id: city.id, text: "x" });
    expect(await host.deliver(event, "nobody")).toMatchObject({ failed: true });
    expect(await host.deliver(event, "write-note")).toMatchObject({ failed: true });
  });

  test("wakes the relay after its commit and not after a refusal", async () => {
    const before = woken.times;
    await written("woken");
    expect(woken.times).toBe(before + 1);
    const operator = await host.as(["recordings.manage"], [city.id]);
    await operator.post("/api/notes", { cidade_id: city.id, camera_id: uuidv7(), text: "refused" });
    expect(woken.times).toBe(before + 1);
  });
});

describe("between processes", () => {
  test("an event posted by the system is answered like a call", async () => {
    const done = await written("posted");
    expect(await post("count-notes", done.event)).toMatchObject({ status: 204 });
    expect(await textOf(done.id)).toBe("posted+");
    const parked = await post("count-notes", (await written("away")).event, { "x-attempt": "2" });
    expect(parked).toMatchObject({ status: 503, wait: "7", final: null, reason: "unavailable: Down" });
    const final = await post("count-notes", (await written("final")).event);
    expect([final.status, final.final]).toEqual([500, "1"]);
    const failed = await post("count-notes", (await written("poison")).event);
    expect([failed.status, failed.final]).toEqual([500, null]);
    expect(await post("count-notes", { not: "an event" })).toMatchObject({ status: 500, final: "1" });
    expect(await post("count-notes", new Uint8Array([0xff]))).toMatchObject({ status: 500, final: "1" });
  });

  test("nobody else may post, and without a token the route does not exist", async () => {
    const { event } = await written("mine");
    for (const authorization of ["", "Bearer wrong", SYSTEM_TOKEN]) {
      expect((await post("count-notes", event, { authorization })).status).toBe(401);
    }
  });

  test("a planned time and a frame are posted too", async () => {
    const planned_for = "2026-01-02T03:00:00.000Z";
    expect((await post("tick", { planned_for }, { "content-type": "application/json" })).status).toBe(204);
    const [row] = await host.database.owner`select ends_at from gaps limit 1`;
    expect(row?.["ends_at"]).toEqual(new Date(planned_for));
    const headers = {
      "content-type": "image/jpeg",
      "x-captured-at": "1",
      "x-frame-id": uuidv7(),
      "x-cidade-id": city.id,
      "x-camera-id": camera,
    };
    const seen = async (): Promise<string> => String(Buffer.from((await host.cache.get(`seen:${camera}`)) ?? []));
    expect((await post("look-at-frame", new Uint8Array([1]), headers)).status).toBe(204);
    expect(await seen()).toBe("1");
    await post("look-at-frame", new Uint8Array([1]), { ...headers, "x-read-at-site": "true" });
    expect(await seen()).toBe("1 read at its site");
    expect((await post("look-at-frame", new Uint8Array([]), headers)).status).toBe(500);
  });
});

describe("a frame", () => {
  const frame = (bytes: number[]): Frame => ({
    id: uuidv7(),
    cidade_id: city.id,
    camera_id: camera,
    captured_at: new Date(),
    format: "jpeg",
    bytes: new Uint8Array(bytes),
    correlation_id: uuidv7(),
  });

  test("is handled with the count of its attempts, and a refusal is told", async () => {
    expect(await host.host.handleFrame("look-at-frame", { frame: frame([1]), attempt: 2 })).toEqual({ done: true });
    expect(Buffer.from((await host.cache.get(`seen:${camera}`)) ?? []).toString()).toBe("2");
    expect(await host.host.handleFrame("look-at-frame", { frame: frame([]), attempt: 1 })).toEqual({
      final: true,
      reason: "invalid: Empty",
    });
  });
});

test("drain plays relay and connector until nothing is left", async () => {
  const { id } = await written("drained");
  const handled = (await host.drain()).filter(({ event }) => event.subject === id);
  expect(handled.map(({ name, answer }) => [name, answer])).toEqual([
    ["count-notes", { done: true }],
    ["copy-note", { done: true }],
  ]);
  expect(await host.events()).toEqual([]);
});
