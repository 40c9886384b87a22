import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { uuidv7 } from "#lib/ids.ts";
import { noLog } from "#lib/log.ts";
import { openGaps, type Gaps } from "./gaps.ts";
import { openSpool, type Gap, type Spool } from "./spool.ts";
import { segmentLike, START, temporaryFolder } from "./testing/scene.ts";

let folder: ReturnType<typeof temporaryFolder>;
let spool: Spool;
let gaps: Gaps;
let now = START;
beforeEach(async () => {
  folder = temporaryFolder();
  now = START;
  spool = await openSpool(folder.path);
  gaps = await openGaps(spool, () => now, noLog);
});
afterEach(() => folder.remove());

const camera = { camera_id: uuidv7(), recording_id: uuidv7() };
const keep = (from: number, to: number, recording_id = camera.recording_id): void =>
  gaps.kept(segmentLike({ ...camera, recording_id, captured_at: at(from), wall_end: at(to) }));
const at = (seconds: number): string => new Date(START + seconds * 1000).toISOString();
const told = async (): Promise<Pick<Gap, "starts_at" | "ends_at" | "cause" | "detail">[]> => {
  await gaps.settled();
  const found = (await spool.gaps()).map(({ gap: { starts_at, ends_at, cause, detail } }) => ({
    starts_at,
    ends_at,
    cause,
    detail,
  }));
  return found.toSorted((a, b) => `${a.starts_at} ${a.ends_at}`.localeCompare(`${b.starts_at} ${b.ends_at}`));
};

test("what follows without a hole is no gap, nor is the seam between two files", async () => {
  keep(0, 10);
  keep(10, 20);
  keep(20.9, 30);
  gaps.look();
  expect(await told()).toEqual([]);
});

describe("a hole with a known reason", () => {
  test("is told as soon as it lasts, and again with its end", async () => {
    keep(0, 10);
    now = START + 10_500;
    gaps.interrupted(camera, { cause: "camera", detail: "refused" });
    gaps.look();
    expect(await told()).toEqual([]);
    now = START + 13_000;
    gaps.look();
    gaps.look();
    expect(await told()).toEqual([{ starts_at: at(10), ends_at: null, cause: "camera", detail: "refused" }]);
    gaps.resumed(camera.recording_id);
    keep(40, 50);
    expect(await told()).toContainEqual({ starts_at: at(10), ends_at: at(40), cause: "camera", detail: "refused" });
  });

  test("that changes is told anew", async () => {
    keep(0, 10);
    gaps.interrupted(camera, { cause: "camera", detail: "refused" });
    now = START + 20_000;
    gaps.look();
    await told();
    gaps.interrupted(camera, { cause: "disk", detail: "disk_reserve" });
    gaps.look();
    expect(await told()).toEqual([{ starts_at: at(10), ends_at: null, cause: "disk", detail: "disk_reserve" }]);
  });

  test("is not told as open while a recorder has begun again", async () => {
    keep(0, 10);
    gaps.interrupted(camera, { cause: "agent", detail: "recorder" });
    gaps.resumed(camera.recording_id);
    now = START + 18_000;
    gaps.look();
    keep(10.9, 20);
    expect(await told()).toEqual([]);
  });

  test("ends when nobody wants the recording any more", async () => {
    keep(0, 10);
    gaps.interrupted(camera, { cause: "camera", detail: "silent" });
    now = START + 15_000;
    gaps.look();
    gaps.over(camera.recording_id);
    now = START + 60_000;
    gaps.look();
    expect((await told()).map(({ ends_at }) => ends_at)).toContain(at(15));
  });

  test("of a camera that was never recorded begins when that is known", async () => {
    gaps.interrupted(camera, { cause: "camera", detail: "name_not_found" });
    now = START + 5000;
    gaps.look();
    expect(await told()).toEqual([{ starts_at: at(0), ends_at: null, cause: "camera", detail: "name_not_found" }]);
  });
});

describe("while the agent itself was down", () => {
  const restartAt = async (seconds: number): Promise<void> => {
    await gaps.settled();
    now = START + seconds * 1000;
    gaps = await openGaps(spool, () => now, noLog);
  };

  test("the hole is the agent's", async () => {
    keep(0, 10);
    await restartAt(60);
    gaps.resumed(camera.recording_id);
    keep(62, 70);
    expect(await told()).toEqual([{ starts_at: at(10), ends_at: at(62), cause: "agent", detail: null }]);
  });

  test("what was adopted is no hole", async () => {
    keep(0, 10);
    await restartAt(60);
    keep(10, 19);
    keep(62, 70);
    expect(await told()).toEqual([{ starts_at: at(19), ends_at: at(62), cause: "agent", detail: null }]);
  });

  test("it is the agent's until it runs again, and then the camera's", async () => {
    keep(0, 10);
    await restartAt(60);
    gaps.interrupted(camera, { cause: "camera", detail: "refused" });
    now = START + 70_000;
    gaps.look();
    expect(await told()).toEqual([
      { starts_at: at(10), ends_at: at(60), cause: "agent", detail: null },
      { starts_at: at(60), ends_at: null, cause: "camera", detail: "refused" },
    ]);
  });

  test("another recording of the camera has nothing to do with it", async () => {
    keep(0, 10);
    await restartAt(60);
    keep(62, 70, uuidv7());
    expect(await told()).toEqual([]);
  });
});
