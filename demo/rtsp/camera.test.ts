import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { nalsOf, pictureAssembler } from "#lib/media/h264-pictures.ts";
import { readSenderReport, type AccessUnit } from "#lib/media/rtp.ts";
import { parseNetworks } from "#edge-agent/rtsp/networks.ts";
import { openCamera } from "#edge-agent/rtsp/client.ts";
import { testVideo } from "#test/harness/video.ts";
import { until } from "#test/harness/system.ts";
import { simulateCamera, type CameraOptions, type SimulatedCamera } from "./camera.ts";
import type { Video } from "./video.ts";

const FPS = 25;
const GROUP = 10;
/** Two seconds of it, so that a loop ends within a test. */
let video: Video;
const open: { close(): unknown }[] = [];

beforeAll(() => {
  const units = testVideo({ seconds: 2, fps: FPS, group: GROUP });
  const sets = units[0]?.nals.slice(0, -1) ?? [];
  video = { pictures: units.map(({ nals, key }) => ({ nals, key })), fps: FPS, parameter_sets: sets };
});
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});
afterAll(() => expect(open).toEqual([]));

const simulate = async (options: Partial<CameraOptions> = {}): Promise<SimulatedCamera> => {
  const camera = await simulateCamera({ video, port: 0, ...options });
  open.unshift(camera);
  return camera;
};

type View = {
  units: AccessUnit[];
  arrived: number[];
  reports: { wall_ms: number; rtp_time: number }[];
  ended: string[];
};

const view = async (camera: SimulatedCamera, login = ""): Promise<View> => {
  const seen: View = { units: [], arrived: [], reports: [], ended: [] };
  const assembler = pictureAssembler(({ avcc, key, damaged, rtp_time }) => {
    seen.units.push({ nals: nalsOf(Buffer.from(avcc)), key, damaged, rtp_time });
    seen.arrived.push(performance.now());
  });
  const connection = await openCamera({
    url: camera.url.replace("rtsp://", `rtsp://${login}`),
    networks: parseNetworks(["127.0.0.1"]),
    onFrame(channel, data, from, to) {
      const report = channel === 1 ? readSenderReport(data.subarray(from, to)) : null;
      if (report) seen.reports.push(report);
      if (channel === 0) assembler.push(data, from, to);
    },
    onEnd: (cause) => seen.ended.push(cause),
  });
  open.push(connection);
  return seen;
};

const pictures = (seen: View, count: number, ms = 15_000): Promise<true> =>
  until(`${count} pictures`, ms, () => (seen.units.length >= count ? true : undefined));
const bytesOf = ({ nals }: Pick<AccessUnit, "nals">): string => Buffer.concat(nals).toString("base64");
const frameOf = (unit: AccessUnit): number => video.pictures.findIndex((picture) => bytesOf(picture) === bytesOf(unit));

describe("a viewer", () => {
  test("gets the loop picture by picture from a key frame on, undamaged, and over its seam with time going on", async () => {
    const seen = await view(await simulate());
    await pictures(seen, video.pictures.length + GROUP);
    const frames = seen.units.map(frameOf);
    expect((frames[0] ?? -1) % GROUP).toBe(0);
    expect(frames).toEqual(frames.map((_, index) => ((frames[0] ?? 0) + index) % video.pictures.length));
    expect(seen.units.some(({ damaged }) => damaged)).toBe(false);
    const steps = seen.units.slice(1).map(({ rtp_time }, index) => rtp_time - (seen.units[index]?.rtp_time ?? 0));
    expect(new Set(steps)).toEqual(new Set([90_000 / FPS]));
  });

  test("comes late and others are not disturbed", async () => {
    const camera = await simulate();
    const first = await view(camera);
    await pictures(first, 5);
    const second = await view(camera);
    await pictures(second, GROUP);
    expect(camera.viewers()).toBe(2);
    expect(second.units[0]?.key).toBe(true);
    const alike = second.units.map(({ rtp_time }) => rtp_time);
    await pictures(first, first.units.length + 1);
    expect(first.units.filter(({ rtp_time }) => alike.includes(rtp_time)).map(bytesOf)).toEqual(
      second.units.slice(0, alike.length).map(bytesOf),
    );
  });

  test("that is FFmpeg decodes it without a complaint", async () => {
    const camera = await simulate();
    const args = ["-v", "warning", "-rtsp_transport", "tcp", "-i", camera.url, "-frames:v", "60", "-f", "null", "-"];
    const { stderr } = await promisify(execFile)("ffmpeg", args);
    expect(stderr).toBe("");
  });

  test("that first asks for UDP, as FFprobe does, is led to TCP", async () => {
    const camera = await simulate();
    const args = ["-v", "error", "-show_entries", "stream=codec_name,width,height", "-of", "csv=p=0", camera.url];
    expect((await promisify(execFile)("ffprobe", args)).stdout.trim()).toBe("h264,320,180");
  });
});

describe("a camera with a password", () => {
  const credentials = { username: "gt", password: "uma senha: com / e @" };
  const login = `${credentials.username}:${encodeURIComponent(credentials.password)}@`;

  test.each(["basic", "digest"] as const)("lets in by %s who knows it, and nobody else", async (scheme) => {
    const camera = await simulate({ credentials, scheme });
    await pictures(await view(camera, login), 1);
    await expect(view(camera, "gt:falsa@")).rejects.toMatchObject({ reason: "wrong_password" });
    await expect(view(camera)).rejects.toMatchObject({ reason: "wrong_password" });
  });

  test("of the fault wrong_password refuses the right one too, and takes it again afterwards", async () => {
    const camera = await simulate({ credentials });
    await camera.setFault("wrong_password");
    await expect(view(camera, login)).rejects.toMatchObject({ reason: "wrong_password" });
    await camera.setFault("none");
    await pictures(await view(camera, login), 1);
  });
});

describe("the instants it answers", () => {
  test("are those at which the pictures left, loop by loop", async () => {
    const camera = await simulate();
    const heard: { frame: number; loop: number; at_ms: number }[] = [];
    camera.onPicture((sent) => heard.push(sent));
    await until("a second loop", 15_000, () =>
      heard.some(({ loop, frame }) => loop === 1 && frame === 3) ? true : undefined,
    );
    const last = heard.findLast(({ frame }) => frame === 3);
    expect(camera.sent(3).at(-1)).toEqual(last);
    const loops = camera.sent(3).map(({ loop }) => loop);
    expect(loops).toEqual(loops.toSorted((a, b) => a - b));
    expect(camera.sent(video.pictures.length)).toEqual([]);
  });

  test("of a frozen camera stand still: what was not sent has no instant", async () => {
    const camera = await simulate();
    const witness = await view(await simulate());
    await pictures(await view(camera), 5);
    await camera.setFault("freeze");
    const counts = (): number[] => video.pictures.map((_, frame) => camera.sent(frame).length);
    const [before, passed] = [counts(), witness.units.length];
    await pictures(witness, passed + GROUP);
    expect(counts()).toEqual(before);
  });
});

describe("a fault shows what it promises:", () => {
  test("freeze keeps the line and sends nothing; afterwards a key frame comes first", async () => {
    const camera = await simulate();
    const [seen, witness] = [await view(camera), await view(await simulate())];
    await pictures(seen, 3);
    await camera.setFault("freeze");
    const [before, passed] = [seen.units.length, witness.units.length];
    await pictures(witness, passed + GROUP + 3);
    expect(seen.units.length - before).toBeLessThanOrEqual(1);
    expect(seen.ended).toEqual([]);
    const frozen = seen.units.length;
    await camera.setFault("none");
    await pictures(seen, frozen + 3);
    expect(seen.units[frozen]?.key).toBe(true);
  });

  test("repeat goes on with the same picture", async () => {
    const camera = await simulate();
    const seen = await view(camera);
    await pictures(seen, GROUP + 4);
    await camera.setFault("repeat");
    const before = seen.units.length + 1;
    await pictures(seen, before + GROUP * 2);
    const shown = new Set(seen.units.slice(before).map(frameOf));
    expect(shown.size).toBe(1);
    expect([...shown][0]! % GROUP).toBe(0);
  });

  test("cut ends every line once, and the next one holds", async () => {
    const camera = await simulate();
    const seen = await view(camera);
    await camera.setFault("cut");
    await until("the end of the line", 5000, () => seen.ended[0]);
    expect(camera.fault()).toBe("none");
    await pictures(await view(camera), GROUP);
  });

  test("refuse has nobody listening, until it is over", async () => {
    const camera = await simulate();
    const seen = await view(camera);
    await camera.setFault("refuse");
    await until("the end of the line", 5000, () => seen.ended[0]);
    await expect(view(camera)).rejects.toMatchObject({ reason: "refused" });
    await camera.setFault("none");
    await pictures(await view(camera), 1);
  });

  test("stutter holds pictures back and lets them go together, none lost", async () => {
    const camera = await simulate();
    const seen = await view(camera);
    await pictures(seen, 3);
    await camera.setFault("stutter");
    const before = seen.units.length;
    await pictures(seen, before + FPS);
    const steps = seen.arrived.slice(before + 1).map((at, index) => at - (seen.arrived[before + index] ?? 0));
    const stamps = seen.units.slice(before).map(({ rtp_time }) => rtp_time);
    expect(stamps).toEqual(stamps.map((_, index) => (stamps[0] ?? 0) + (index * 90_000) / FPS));
    expect(steps.filter((step) => step < 20).length).toBeGreaterThan(steps.length / 2);
  });

  test("clock_jump moves the camera's clock and its RTP time by an hour", async () => {
    const camera = await simulate();
    const seen = await view(camera);
    await until("a report", 5000, () => seen.reports[0]);
    await camera.setFault("clock_jump");
    const [before, units] = [seen.reports.length, seen.units.length];
    await until("another report", 5000, () => seen.reports[before + 1]);
    const report = seen.reports.at(-1);
    expect(Math.abs((report?.wall_ms ?? 0) - Date.now() - 3_600_000)).toBeLessThan(60_000);
    expect(seen.units.at(-1)!.rtp_time - seen.units[units - 1]!.rtp_time).toBeGreaterThan(3_599 * 90_000);
  });

  test.each([
    ["garbage", "not_rtsp"],
    ["silent", "no_answer"],
    ["no_video", "no_video"],
    ["other_codec", "codec"],
    ["redirect", "not_allowed"],
  ] as const)("%s is told as %s", async (fault, reason) => {
    const camera = await simulate();
    await camera.setFault(fault);
    await expect(view(camera)).rejects.toMatchObject({ reason });
  });
});
