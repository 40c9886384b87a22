/** The server is away and the agent is killed and started: it goes on with what it was told last, and nothing of it is lost. */
import { existsSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { desired, edgeScene, type EdgeScene } from "#edge-agent/testing/edge-scene.ts";

let scene: EdgeScene;
beforeEach(async () => void (scene = await edgeScene()));
afterEach(() => scene.close());

const EIGHT_DAYS = 8 * 86_400;
const PASSWORD = "s3nha-da-camera";
const credentials = { username: "operador", password: PASSWORD };
const kept = (): string => join(scene.dir, "desired-state.sealed");

const filesWith = (word: string): string[] =>
  readdirSync(scene.folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(scene.folder, name))
    .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile() && readFileSync(file).includes(word));

/** Until a writer has written pictures of so many seconds since now. */
const seconds = async (camera: { onPicture(heard: () => void): void }, count: number): Promise<void> => {
  let pictures = 0;
  camera.onPicture(() => (pictures += 1));
  await scene.until("pictures", () => (pictures > count * 25 ? true : undefined));
};

test(
  "it records what it was told last, and is brought up to date when the server returns",
  { timeout: 120_000 },
  async () => {
    const camera = await scene.camera({ credentials });
    const second = await scene.camera();
    const address = camera.url.replace("rtsp://", `rtsp://operador:${PASSWORD}@`);
    const [one, two] = [desired(address), desired(second.url)];
    const first = scene.start();
    scene.server.desire([one]);
    await scene.said(one.id, ({ recording }) => recording);
    await scene.until("the kept state", () => (existsSync(kept()) ? true : undefined));

    await scene.server.goAway();
    await first.kill();
    await scene.until("nobody who looks", () => (camera.viewers() === 0 ? true : undefined));
    const refused = join(scene.spool, "refused", "of-long-ago.mp4");
    writeFileSync(refused, "no longer wanted");
    utimesSync(refused, Date.now() / 1000 - EIGHT_DAYS, Date.now() / 1000 - EIGHT_DAYS);
    const began = Date.now();
    const agent = scene.start();
    await scene.until("a writer", () => (agent.writers().length === 1 ? true : undefined));
    await seconds(camera, 4);
    expect([filesWith(PASSWORD), agent.output().includes(PASSWORD)]).toEqual([[], false]);
    expect(agent.output()).toContain("what it desired last goes on");
    expect([existsSync(refused), agent.output()]).toEqual([false, expect.stringContaining("of-long-ago")]);

    const returned = Date.now();
    scene.server.desire([{ ...one, recording_id: null }, two]);
    await scene.server.comeBack();
    await scene.said(one.id, ({ recording }) => !recording);
    await scene.said(two.id, ({ recording }) => recording);
    const segments = await scene.until("what was recorded meanwhile", () => {
      const arrived = [...scene.server.segments.values()].map(({ segment }) => segment);
      const alone = arrived.filter(
        ({ camera_id, captured_at }) => camera_id === one.id && Date.parse(captured_at) > began,
      );
      return alone.length > 0 && readdirSync(join(scene.spool, "ready")).every((name) => !name.endsWith(".mp4"))
        ? alone
        : undefined;
    });
    const recorded = segments.filter(({ captured_at }) => Date.parse(captured_at) < returned);
    expect(recorded.reduce((sum, { media_duration_ms }) => sum + media_duration_ms, 0)).toBeGreaterThan(3000);
    expect(recorded.map(({ recording_id }) => recording_id)).toEqual(recorded.map(() => one.recording_id));
    expect(scene.server.conflicts).toEqual([]);
  },
);

test(
  "one that the server does not know any more records nothing of what it was told",
  { timeout: 120_000 },
  async () => {
    const camera = await scene.camera();
    const one = desired(camera.url);
    const first = scene.start();
    scene.server.desire([one]);
    await scene.said(one.id, ({ recording }) => recording);
    await scene.until("the kept state", () => (existsSync(kept()) ? true : undefined));
    await first.kill();
    await scene.until("nobody who looks", () => (camera.viewers() === 0 ? true : undefined));
    const asked = { count: 0 };
    scene.server.refuse((path) => {
      if (path.endsWith("/desired-state")) asked.count += 1;
      return 401;
    });
    scene.start();
    await scene.until("a second question", () => (asked.count > 1 ? true : undefined));
    expect(camera.viewers()).toBe(0);
  },
);
