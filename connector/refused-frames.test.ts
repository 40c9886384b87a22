import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { serve } from "@hono/node-server";
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from "vitest";
import { refusedFramesRoute } from "#infra/local/refused-frames-route.ts";
import type { FrameFormat, Refused } from "#lib/frames/frames.ts";
import { AppError } from "#lib/errors.ts";
import { readMaterial, ensureSecrets } from "#lib/secrets/files.ts";
import { testDatabase, type TestDatabase } from "#test/harness/database.ts";
import { refusedFrames } from "./refused-frames.ts";

const CAMERAS = ["0197e3a0-0000-7000-8000-00000000000a", "0197e3a0-0000-7000-8000-00000000000b"] as const;
const at = new Date("2026-03-04T12:00:00.250Z");

const refused = (camera: number, consumer: string, format: FrameFormat, bytes: number[]): Refused => ({
  frame: {
    id: `0197e3a0-0000-7000-8000-0000000000${bytes.length}${camera}`,
    cidade_id: "0197e3a0-0000-7000-8000-000000000001",
    camera_id: CAMERAS[camera]!,
    captured_at: at,
    format,
    bytes: Uint8Array.from(bytes),
    correlation_id: "corr",
  },
  consumer,
  reason: "picture.damaged",
  refused_at: new Date(at.getTime() + 1000),
});
const kept = [
  refused(0, "ai.read-plates", "h264", [0, 0, 0, 1, 103]),
  refused(0, "streaming.keep-last-frame", "h264", [0, 0, 0, 1, 103]),
  refused(1, "ai.read-plates", "jpeg", [255, 216]),
];

let db: TestDatabase;
let folder: string;
beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.close());
beforeEach(async () => {
  await db.owner`truncate audit_log`;
  folder = mkdtempSync(join(tmpdir(), "gt-refused-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
});

const run = async (...args: string[]): Promise<Record<string, unknown>[]> =>
  (await refusedFrames(db.system, async () => kept, args)).split("\n").map((line) => JSON.parse(line) as never);
const audited = () => db.owner`select action, object_type, details from audit_log`;

test("they are listed with their reasons and without their bytes, of one camera if so told", async () => {
  const lines = await run();
  expect(lines).toHaveLength(3);
  expect(lines[0]).toEqual({
    id: kept[0]?.frame.id,
    consumer: "ai.read-plates",
    reason: "picture.damaged",
    refused_at: "2026-03-04T12:00:01.250Z",
    cidade_id: kept[0]?.frame.cidade_id,
    camera_id: CAMERAS[0],
    captured_at: "2026-03-04T12:00:00.250Z",
    format: "h264",
    size: 5,
  });
  expect((await run("--camera", CAMERAS[1])).map(({ format }) => format)).toEqual(["jpeg"]);
  expect(await audited()).toEqual([]);
  expect(await refusedFrames(db.system, async () => [], [])).toBe("No frames are kept that were refused.");
});

test("saved, each is one file for its owner alone, and the act is in the audit trail with who did it", async () => {
  const out = join(folder, "out");
  const lines = await run("--save", out);
  const files = readdirSync(out).toSorted();
  expect(files).toEqual([
    `2026-03-04T12-00-00-250Z-${CAMERAS[0]}-${kept[0]?.frame.id}.h264`,
    `2026-03-04T12-00-00-250Z-${CAMERAS[1]}-${kept[2]?.frame.id}.jpg`,
  ]);
  expect(lines.map(({ file }) => file)).toEqual([files[0], files[0], files[1]].map((name) => join(out, name!)));
  expect([...readFileSync(join(out, files[0]!))]).toEqual([0, 0, 0, 1, 103]);
  expect(statSync(join(out, files[1]!)).mode & 0o777).toBe(0o600);
  const by = expect.stringMatching(/./);
  expect(await audited()).toMatchObject([
    { action: "save-refused-frames", object_type: "frame", details: { count: 3, camera: null, by } },
  ]);
  // What somebody has looked into and changed stays.
  writeFileSync(join(out, files[0]!), "seen");
  await run("--save", out);
  expect(readFileSync(join(out, files[0]!), "utf8")).toBe("seen");
});

test("those in the memory of a running system are asked of it, with its own token", async () => {
  const secrets_dir = join(folder, "secrets");
  await ensureSecrets(secrets_dir);
  const { system_token } = await readMaterial(secrets_dir);
  const frames = { refused: async () => [...kept] };
  const route = refusedFramesRoute(frames, system_token);
  route.onError((error, context) => context.body(error instanceof AppError ? error.code : "fault", 418));
  const server = serve({ fetch: route.fetch, port: 0, hostname: "127.0.0.1" });
  onTestFinished(() => new Promise((resolve) => server.close(() => resolve())));
  await new Promise<void>((resolve) => server.once("listening", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  mkdirSync(join(folder, "run"));
  const system_database_url = db.urls.system;
  const running = { url, authority_file: null, system_database_url, broker_url: "", objects_url: "", secrets_dir };
  writeFileSync(join(folder, "run", "running.json"), JSON.stringify(running));
  const command = [join(import.meta.dirname, "refused-frames.ts"), "--data", folder, "--save", join(folder, "out")];
  const child = spawn(process.execPath, command, { env: {} });
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  expect(err).toBe("");
  expect(out.trim().split("\n")).toHaveLength(3);
  expect(readdirSync(join(folder, "out"))).toHaveLength(2);
  for (const headers of [{}, { authorization: "Bearer another-token-of-forty-three-characters-or-so" }])
    expect(await (await fetch(`${url}/_/refused-frames`, { headers })).text()).toBe("unauthorized");
});
