import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { LprEventBody } from "#functions/ai/contract.ts";
import { toAnnexB } from "#lib/media/h264.ts";
import { freePort, until } from "#test/harness/system.ts";
import { testVideo } from "#test/harness/video.ts";

const folder = mkdtempSync(join(tmpdir(), "gt-demo-main-"));
const control_file = join(folder, "control.json");
const camera_id = "0198c0de-0000-7000-8000-000000000001";
const FRAMES = 20;
const posted: { body: LprEventBody; authorization: string | undefined }[] = [];
let server: Server;
let demo: ChildProcess;
let port: number;
let output = "";

const portOf = (listening: Server): number => (listening.address() as AddressInfo).port;
const control = (): string => JSON.parse(readFileSync(control_file, "utf8")).url;
const ask = async (path: string, init?: RequestInit) => {
  const response = await fetch(`${control()}${path}`, init);
  return { status: response.status, body: await response.json() };
};

beforeAll(async () => {
  const units = testVideo({ seconds: 2, fps: 10, group: 10, size: "160x90" });
  writeFileSync(join(folder, "loop.h264"), toAnnexB(units.flatMap(({ nals }) => nals)));
  writeFileSync(join(folder, "p.jpg"), "picture");
  server = createServer((incoming, response) => {
    let text = "";
    incoming.on("data", (chunk: Buffer) => (text += String(chunk)));
    incoming.on("end", () => {
      posted.push({ body: JSON.parse(text), authorization: incoming.headers.authorization });
      response.writeHead(202, { "content-type": "application/json" }).end("{}");
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  port = await freePort();
  const passage = {
    frame: 15,
    plate: "XYZ1A23",
    layout: "mercosul",
    confidence: 0.9,
    direction: "approaching",
    vehicle: { type: "car", color: "red" },
    image_file: join(folder, "p.jpg"),
    plate_image_file: join(folder, "p.jpg"),
  };
  const common = { file: join(folder, "loop.h264"), fps: 10, place: "aqui", passages: [passage], vehicles: [] };
  const other = await freePort();
  const cameras = [
    { ...common, name: "Praça", port, url: `rtsp://127.0.0.1:${port}/stream`, camera_id, key: "gtk_a" },
    { ...common, name: "Sem chave", port: other, url: `rtsp://127.0.0.1:${other}/stream` },
  ];
  const config = join(folder, "demo.json");
  writeFileSync(config, JSON.stringify({ server: `http://127.0.0.1:${portOf(server)}`, control_file, cameras }));
  demo = spawn(process.execPath, [join(import.meta.dirname, "main.ts"), config], { stdio: ["ignore", "pipe", "pipe"] });
  for (const stream of [demo.stdout, demo.stderr]) stream?.on("data", (chunk: Buffer) => (output += String(chunk)));
  await until("the city", 60_000, () => (output.includes("on the air") ? true : undefined)).catch((error: unknown) => {
    throw new Error(`${String(error)}\n${output}`);
  });
});
afterAll(() => {
  demo.kill("SIGKILL");
  server.close();
  server.closeAllConnections();
  rmSync(folder, { recursive: true, force: true });
});

test("each loop's passage is posted at the very instant at which its picture was sent, once", async () => {
  await until("two loops", 30_000, () => (posted.length >= 2 ? true : undefined));
  const { body } = await ask("/cameras/Pra%C3%A7a/sent?frame=15");
  const instants = (body.sent as { at_ms: number }[]).map(({ at_ms }) => new Date(at_ms).toISOString());
  const claimed = posted.map((one) => one.body.detected_at);
  expect(claimed.slice(0, 2)).toEqual(instants.slice(0, 2));
  expect(new Set(posted.map((one) => one.body.event_id)).size).toBe(posted.length);
  expect(new Set(posted.map(({ authorization }) => authorization))).toEqual(new Set(["Bearer gtk_a"]));
  expect(posted[0]?.body).toMatchObject({ plate: "XYZ1A23", camera_id, image: btoa("picture") });
});

test("the control says what there is, by name or by id, and nothing about keys", async () => {
  const { body } = await ask("/cameras");
  expect(body.cameras).toMatchObject([
    { name: "Praça", camera_id, port, fps: 10, frames: FRAMES, fault: "none", viewers: 0 },
    { name: "Sem chave", camera_id: null },
  ]);
  expect(JSON.stringify(body)).not.toContain("gtk_a");
  expect((await ask(`/cameras/${camera_id}/sent?frame=0`)).body.sent.length).toBeGreaterThan(0);
  expect((await ask("/cameras/ninguem/sent?frame=0")).status).toBe(404);
  expect((await ask("/cameras/Pra%C3%A7a/sent")).body.sent).toEqual([]);
});

test("a fault is set and taken back over the control; what is none is refused", async () => {
  const put = (fault: string) => ask(`/cameras/${camera_id}/fault`, { method: "PUT", body: JSON.stringify({ fault }) });
  expect((await put("freeze")).body.fault).toBe("freeze");
  const [before, count] = [await lastSent(), posted.length];
  expect(await lastSent()).toBe(before);
  expect(posted.length).toBe(count);
  expect((await put("sleepy")).status).toBe(400);
  expect((await put("none")).body.fault).toBe("none");
  await until("pictures again", 10_000, async () => ((await lastSent()) > before ? true : undefined));
});
const lastSent = async (): Promise<number> => {
  const instants: number[] = [];
  for (let frame = 0; frame < FRAMES; frame += 1) {
    const { body } = await ask(`/cameras/${camera_id}/sent?frame=${frame}`);
    instants.push(...(body.sent as { at_ms: number }[]).map(({ at_ms }) => at_ms));
  }
  return Math.max(...instants);
};

test("the control answers nobody who calls it by another name", async () => {
  const url = new URL(`${control()}/cameras`);
  const answered = request(url, { headers: { host: "evil.example:80" } });
  answered.end();
  const [response] = await once(answered, "response");
  response.resume();
  expect(response.statusCode).toBe(403);
});

test("told to stop it is gone, and its control file with it", async () => {
  const gone = once(demo, "exit");
  demo.kill("SIGTERM");
  expect(await gone).toEqual([0, null]);
  expect(existsSync(control_file)).toBe(false);
});
