import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { MediaServer } from "#lib/media-server/media-server.ts";
import { check, eventually, refusal, type Bench, type Check } from "./check.ts";

export type SourceCamera = {
  /** With a name and a password in it. */
  url: string;
  /** How often somebody has connected. */
  dialled(): number;
};
/** How whoever is asked about readers behaves. */
export type HookMood = "well" | "500" | "302" | "silent";

export type MediaBench = Bench & {
  server: MediaServer;
  /** The same media server through an adapter that was started anew. */
  restart(): Promise<MediaServer>;
  /** As when it is killed and comes back: paths that came from us are lost, and its file says whom it asks. */
  kill(): Promise<void>;
  /** Whom it asks about readers was taken away by hand. */
  open(): Promise<void>;
  camera(): Promise<SourceCamera>;
  /** Status of an RTSP reader's DESCRIBE. */
  describe(url: string): Promise<number>;
  mood(mood: HookMood): void;
  /** How long it may take to put itself right: 30 s at most. */
  right_ms: number;
};

export const PASSWORD = "nobody-may-see-this";
const on = (title: string, body: (bench: MediaBench) => Promise<void>): Check<MediaBench> => check(title, body);
/** The server may be somebody's, with paths of its own. */
const newName = (): string => `gt-${randomUUID()}`;
const find = async (server: MediaServer, name: string) => (await server.paths()).find((path) => path.name === name);

const paths: readonly Check<MediaBench>[] = [
  on("a path that was added is listed, and its camera is left alone until somebody reads", async (bench) => {
    const [name, camera] = [newName(), await bench.camera()];
    await bench.server.addPath(name, camera.url);
    const path = await find(bench.server, name);
    assert.deepEqual([path?.ready, path?.readers, path?.ready_since], [false, 0, null]);
    assert.equal(camera.dialled(), 0);
  }),
  on("a camera is dialled for its reader, and its path is ready then", async (bench) => {
    const [name, camera] = [newName(), await bench.camera()];
    await bench.server.addPath(name, camera.url);
    assert.equal(await bench.describe(await bench.server.readerUrl(name)), 200);
    assert.ok(camera.dialled() > 0);
    const path = await eventually("ready", async () => {
      const found = await find(bench.server, name);
      return found?.ready ? found : null;
    });
    assert.ok(path.ready_since instanceof Date);
  }),
  on("adding the same again changes nothing, another source takes its place", async (bench) => {
    const [name, first, second] = [newName(), await bench.camera(), await bench.camera()];
    await bench.server.addPath(name, first.url);
    await bench.server.addPath(name, first.url);
    await bench.server.addPath(name, second.url);
    assert.equal((await bench.server.paths()).filter((path) => path.name === name).length, 1);
    assert.equal(await bench.describe(await bench.server.readerUrl(name)), 200);
    assert.equal(first.dialled(), 0);
    assert.ok(second.dialled() > 0);
  }),
  on("a removed path is gone, and removing what is not there succeeds", async (bench) => {
    const [name, camera] = [newName(), await bench.camera()];
    await bench.server.addPath(name, camera.url);
    await bench.server.removePath(name);
    await bench.server.removePath(name);
    assert.equal(await find(bench.server, name), undefined);
    assert.notEqual(await bench.describe(await bench.server.readerUrl(name)), 200);
    assert.equal(camera.dialled(), 0);
  }),
  on("a camera's address never comes out again", async (bench) => {
    const [name, camera] = [newName(), await bench.camera()];
    await bench.server.addPath(name, camera.url);
    const out = JSON.stringify([await bench.server.paths(), await bench.server.readerUrl(name)]);
    const wrong = camera.url.replace("rtsp:", "gopher:");
    const fault = await bench.server.addPath(name, wrong).catch((error: unknown) => error);
    const { host } = new URL(camera.url);
    for (const text of [out, `${String(fault)} ${JSON.stringify(fault)}`])
      assert.ok(!text.includes(PASSWORD) && !text.includes(host), text);
  }),
  on("a name outside the alphabet and a source that is no camera are refused", async ({ server, camera }) => {
    const { url } = await camera();
    for (const name of [
      "",
      "short",
      "../../etc/passwd",
      "UPPERCASE",
      "with space",
      "a/b-c-d-e-f",
      "~all-others",
      "-begins",
    ]) {
      assert.equal(await refusal(server.addPath(name, url)), "malformed", `add ${name}`);
      assert.equal(await refusal(server.removePath(name)), "malformed", `remove ${name}`);
      assert.equal(await refusal(server.readerUrl(name)), "malformed", `read ${name}`);
    }
    for (const source of [
      "publisher",
      "redirect",
      "file:///etc/passwd",
      "http://127.0.0.1/",
      "unix+mpegts:/x",
      "rpiCamera",
      "",
    ])
      assert.equal(await refusal(server.addPath(newName(), source)), "malformed", source);
  }),
  on("what was added is there for who comes later, and may be removed by him", async (bench) => {
    const [name, camera] = [newName(), await bench.camera()];
    await bench.server.addPath(name, camera.url);
    const again = await bench.restart();
    assert.equal((await find(again, name))?.name, name);
    await again.removePath(name);
    // Who added it has not heard of that, and would put it right.
    await bench.server.removePath(name);
    assert.equal(await find(again, name), undefined);
  }),
];

const reading: readonly Check<MediaBench>[] = [
  on("nobody reads without a token, with another path's, or with one that was changed", async (bench) => {
    const [name, other, camera] = [newName(), newName(), await bench.camera()];
    for (const one of [name, other]) await bench.server.addPath(one, camera.url);
    const url = await bench.server.readerUrl(name);
    const ofOther = new URL(await bench.server.readerUrl(other)).search;
    for (const refused of [url.replace(/\?.*/, ""), url.replace(/\?.*/, ofOther), `${url}x`])
      assert.equal(await bench.describe(refused), 401, refused.replace(/.*\?/, "?"));
    assert.equal(camera.dialled(), 0);
  }),
  on("nobody reads while whoever is asked fails, sends elsewhere or says nothing", async (bench) => {
    const [name, camera] = [newName(), await bench.camera()];
    await bench.server.addPath(name, camera.url);
    for (const mood of ["500", "302", "silent"] as const) {
      bench.mood(mood);
      assert.equal(await bench.describe(await bench.server.readerUrl(name)), 401, mood);
    }
    assert.equal(camera.dialled(), 0);
    bench.mood("well");
    assert.equal(await bench.describe(await bench.server.readerUrl(name)), 200);
  }),
  on("after it was killed its paths are back, and readers are still asked for", async (bench) => {
    const [name, camera] = [newName(), await bench.camera()];
    await bench.server.addPath(name, camera.url);
    await bench.kill();
    await eventually("the path is back", async () => (await find(bench.server, name)) !== undefined, bench.right_ms);
    const url = await bench.server.readerUrl(name);
    assert.equal(await bench.describe(url.replace(/\?.*/, "")), 401);
    assert.equal(await bench.describe(url), 200);
  }),
  on("that everybody may read, because somebody changed it by hand, is put right", async (bench) => {
    const [name, camera] = [newName(), await bench.camera()];
    await bench.server.addPath(name, camera.url);
    await bench.open();
    const bare = (await bench.server.readerUrl(name)).replace(/\?.*/, "");
    await eventually("closed again", async () => (await bench.describe(bare)) === 401, bench.right_ms);
  }),
];

export const mediaChecks: readonly Check<MediaBench>[] = [...paths, ...reading];
