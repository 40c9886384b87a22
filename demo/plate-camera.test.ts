import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, test } from "vitest";
import { LprEventBody } from "#functions/ai/contract.ts";
import { noLog, type Log } from "#lib/log.ts";
import { until } from "#test/harness/system.ts";
import { startPlateCamera, type PlateCamera, type Reading } from "./plate-camera.ts";

const folder = mkdtempSync(join(tmpdir(), "gt-plates-"));
const [image_file, plate_image_file] = [join(folder, "a.jpg"), join(folder, "b.jpg")];
writeFileSync(image_file, "scene");
writeFileSync(plate_image_file, "plate");
afterAll(() => rmSync(folder, { recursive: true }));

const reading = (frame: number, loop = 0): Reading => ({
  camera_id: "0198c0de-0000-7000-8000-000000000001",
  key: "gtk_secret",
  loop,
  at_ms: Date.UTC(2026, 0, 1) + frame,
  passage: {
    frame,
    plate: "XYZ1A23",
    layout: "mercosul",
    confidence: 0.95,
    direction: "approaching",
    vehicle: { type: "car", color: "red" },
    image_file,
    plate_image_file,
  },
});

type Asked = { key: string | null; authorization: string | null; text: string; body: LprEventBody };
/** A server by its answers, one for each request; the last one goes on for ever. */
const serverOf = (...answers: (() => Response | Promise<Response>)[]) => {
  const asked: Asked[] = [];
  const fetchIt: typeof fetch = async (_url, init) => {
    const headers = new Headers(init?.headers);
    const text = typeof init?.body === "string" ? init.body : "";
    const body = LprEventBody.parse(JSON.parse(text));
    asked.push({ key: headers.get("idempotency-key"), authorization: headers.get("authorization"), text, body });
    return (answers[asked.length - 1] ?? answers.at(-1) ?? accepted)();
  };
  return { asked, fetchIt };
};
const accepted = (): Response => Response.json({ id: "x", status: "accepted" }, { status: 202 });
const status =
  (code: number, headers: Record<string, string> = {}) =>
  () =>
    new Response("{}", { status: code, headers });
const lost = (): never => {
  throw new TypeError("fetch failed");
};

const running: PlateCamera[] = [];
afterEach(async () => {
  for (const camera of running.splice(0)) await camera.stop();
});
const start = (fetchIt: typeof fetch, log: Log = noLog): PlateCamera => {
  const options = { server: "http://gt.test", run_id: "run", log, fetch: fetchIt, first_ms: 1, longest_ms: 4 };
  const camera = startPlateCamera(options);
  running.push(camera);
  return camera;
};
const empty = (camera: PlateCamera): Promise<true> =>
  until("all to be posted", 5000, () => (camera.waiting() === 0 ? true : undefined));

test("a passage is posted with its plate, its instant and both pictures, under the camera's key", async () => {
  const { asked, fetchIt } = serverOf(accepted);
  const camera = start(fetchIt);
  camera.passes(reading(7));
  await empty(camera);
  const [{ body, ...sent } = { body: null }] = asked;
  expect(sent).toMatchObject({ key: "run:0:7", authorization: "Bearer gtk_secret" });
  expect(body).toMatchObject({ event_id: "run:0:7", plate: "XYZ1A23", detected_at: "2026-01-01T00:00:00.007Z" });
  expect([body?.image, body?.plate_image].map((text) => atob(text ?? ""))).toEqual(["scene", "plate"]);
});

test("while the server is away or busy the same body is posted again under the same key until it is taken, then no more", async () => {
  const { asked, fetchIt } = serverOf(lost, status(503), status(429, { "retry-after": "0" }), lost, accepted);
  const camera = start(fetchIt);
  camera.passes(reading(1));
  await empty(camera);
  camera.passes(reading(2));
  await empty(camera);
  expect(asked.map(({ key }) => key)).toEqual([...Array.from({ length: 5 }, () => "run:0:1"), "run:0:2"]);
  expect(new Set(asked.slice(0, 5).map(({ text }) => text)).size).toBe(1);
});

test("the same passage in the next loop is another one", async () => {
  const { asked, fetchIt } = serverOf(accepted);
  const camera = start(fetchIt);
  camera.passes(reading(1, 0));
  camera.passes(reading(1, 1));
  await empty(camera);
  expect(asked.map(({ key }) => key)).toEqual(["run:0:1", "run:1:1"]);
});

test("a refusal is logged without the key and not repeated, and the next passage goes on", async () => {
  const lines: string[] = [];
  const log: Log = { ...noLog, warn: (message, fields) => void lines.push(JSON.stringify({ message, ...fields })) };
  const { asked, fetchIt } = serverOf(status(422), accepted);
  const camera = start(fetchIt, log);
  camera.passes(reading(1));
  camera.passes(reading(2));
  await empty(camera);
  expect(asked.map(({ key }) => key)).toEqual(["run:0:1", "run:0:2"]);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain("422");
  expect(lines[0]).not.toContain("gtk_secret");
});

test("while nobody answers no more than 500 wait; the oldest are given up", async () => {
  const { fetchIt } = serverOf(lost);
  const camera = start(fetchIt);
  for (let frame = 0; frame < 520; frame += 1) camera.passes(reading(frame));
  expect(camera.waiting()).toBe(500);
});

test("it stops at once, also in the middle of a request that nobody answers", async () => {
  const request = Promise.withResolvers<AbortSignal>();
  const hang: typeof fetch = (_url, init) =>
    new Promise((_, reject) => {
      const signal = init?.signal ?? AbortSignal.abort();
      signal.addEventListener("abort", () => reject(new Error("aborted")));
      request.resolve(signal);
    });
  const camera = start(hang);
  camera.passes(reading(1));
  const signal = await request.promise;
  await camera.stop();
  expect(signal.aborted).toBe(true);
  camera.passes(reading(2));
  expect(camera.waiting()).toBe(1);
});
