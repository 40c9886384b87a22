/** The password of a camera is nowhere but in the agent's memory and on the line to the camera. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { desired, edgeScene, type EdgeScene } from "#edge-agent/testing/edge-scene.ts";

let scene: EdgeScene;
beforeEach(async () => void (scene = await edgeScene()));
afterEach(() => scene.close());

const PASSWORD = "s3nha%da@câmera";
const shapes = [PASSWORD, encodeURIComponent(PASSWORD), Buffer.from(`operador:${PASSWORD}`).toString("base64")];

const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile());

/** Command lines and environments of every process there is. */
const processes = (): { name: string; text: string }[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) =>
      ["cmdline", "environ"].map((what) => {
        try {
          return { name: `/proc/${pid}/${what}`, text: readFileSync(`/proc/${pid}/${what}`, "utf8") };
        } catch {
          return { name: pid, text: "" };
        }
      }),
    );

const leaks = (output: string): string[] => {
  const texts = [
    ...processes(),
    ...filesBelow(scene.folder).map((name) => ({ name, text: readFileSync(name, "latin1") })),
    { name: "output", text: output },
    {
      name: "what the server was told",
      text: JSON.stringify([scene.server.toldStates, scene.server.states(), scene.server.gaps]),
    },
  ];
  const latin = shapes.map((shape) => Buffer.from(shape).toString("latin1"));
  return texts
    .filter(({ text }) => [...shapes, ...latin].some((shape) => text.includes(shape)))
    .map(({ name }) => name);
};

const urlOf = (port: number, password: string): string =>
  `rtsp://operador:${encodeURIComponent(password)}@127.0.0.1:${port}/stream`;

test("the search finds what it looks for", () => {
  expect(leaks(`before ${encodeURIComponent(PASSWORD)} after`)).toEqual(["output"]);
});

test("with the right password, while it is recorded, probed, and its FFmpeg fails", { timeout: 240_000 }, async () => {
  const camera = await scene.camera({ credentials: { username: "operador", password: PASSWORD } });
  const one = desired(urlOf(camera.port, PASSWORD));
  const agent = scene.start();
  scene.server.desire([one]);
  await scene.said(one.id, ({ recording, status }) => recording && status === "ONLINE");
  expect(await scene.server.probe(one.url_rtsp)).toMatchObject({ ok: true });
  // The address lies on the disk, sealed.
  expect(existsSync(join(scene.dir, "desired-state.sealed"))).toBe(true);
  expect(leaks(agent.output())).toEqual([]);
  const [pid = 0] = agent.writers();
  expect(readFileSync(`/proc/${pid}/cmdline`, "utf8")).toMatch(/rtsp:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{32}/);
  process.kill(pid, "SIGSEGV");
  await scene.until("another writer", () => (agent.writers().some((writer) => writer !== pid) ? true : undefined));
  await camera.setFault("garbage");
  await scene.said(one.id, ({ status }) => status === "OFFLINE");
  expect(leaks(agent.output())).toEqual([]);
});

test("with a wrong password, which is said and not tried again at once", { timeout: 240_000 }, async () => {
  const camera = await scene.camera({ credentials: { username: "operador", password: "another one" } });
  const one = desired(urlOf(camera.port, PASSWORD));
  const agent = scene.start();
  scene.server.desire([one]);
  expect(await scene.said(one.id, ({ cause }) => cause !== null)).toMatchObject({
    status: "OFFLINE",
    cause: "wrong_password",
  });
  expect(await scene.server.probe(one.url_rtsp)).toMatchObject({ cause: "wrong_password" });
  expect(leaks(agent.output())).toEqual([]);
});
