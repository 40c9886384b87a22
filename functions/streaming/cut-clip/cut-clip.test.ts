import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { uuidv7 } from "#lib/ids.ts";
import { noLog } from "#lib/log.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";
import { recordedCity, recordVideo, type Recorded, type RecordedCity } from "#test/harness/recordings.ts";
import { ClipRequested } from "../contract.ts";
import { objectKeyOf } from "../segments.ts";

let host: TestHost;
let video: Buffer[];
const folder = mkdtempSync(join(tmpdir(), "gt-clip-test-"));
beforeAll(async () => {
  host = await testHost(catalogue, { log: noLog });
  // 9 files of 10 s: 25 pictures a second, a key frame every 2 s.
  video = recordVideo(90);
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await host.close();
});

const begin = Math.floor(Date.now() / 1000 - 7200) * 1000;
const at = (seconds: number): string => new Date(begin + seconds * 1000).toISOString();

const recorded = async (choose: (all: Recorded[]) => Recorded[] = (all) => all) => {
  const site = await recordedCity(host);
  const segments = choose(site.segments(video, new Date(begin)));
  await site.record(...segments);
  return { site, segments };
};
const ask = async ({ operator, camera_id }: RecordedCity, start: number, end: number) => {
  const { body } = await operator.post("/api/clips", { camera_id, start_time: at(start), end_time: at(end) });
  const event = host.event(ClipRequested, { clip_id: body.id, cidade_id: body.cidade_id });
  const read = async () => (await operator.get(`/api/clips/${body.id}`)).body;
  return { id: body.id as string, event, read, cut: () => host.deliver(event, "cut-clip") };
};
const told = async (id: string) =>
  (await host.events()).filter(({ type, subject }) => /^clip\.(ready|failed)$/.test(type) && subject === id);

/** What the operator downloads, as a file. */
const download = async ({ operator }: RecordedCity, id: string): Promise<string> => {
  const { body } = await operator.post(`/api/clips/${id}/download`);
  const answer = await host.host.fetch(new Request(`http://gt.test${body.url}`));
  const bytes = Buffer.from(await answer.arrayBuffer());
  expect(createHash("sha256").update(bytes).digest("hex")).toBe(body.sha256);
  expect(bytes.byteLength).toBe(body.bytes);
  const file = join(folder, body.filename);
  writeFileSync(file, bytes);
  return file;
};
const probe = (file: string) => {
  const text = execFileSync("ffprobe", ["-v", "error", "-show_packets", "-show_streams", "-of", "json", file], {
    encoding: "utf8",
  });
  const { packets, streams } = JSON.parse(text);
  const times: number[] = packets.map(({ pts_time }: { pts_time: string }) => Number(pts_time));
  return { times, packets, stream: streams[0] };
};
/** Of this process and of the FFmpegs that have ended. */
const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage();
  const fields = readFileSync("/proc/self/stat", "utf8").split(") ").at(-1)?.split(" ") ?? [];
  // cutime and cstime, in hundredths.
  return (user + system) / 1e6 + (Number(fields[13]) + Number(fields[14])) / 100;
};
/** Of every picture: the same pictures came in where they are the same. */
const pictures = (file: string): string[] =>
  execFileSync("ffmpeg", ["-v", "error", "-i", file, "-f", "framemd5", "-"], { encoding: "utf8" })
    .split("\n")
    .flatMap((line) => (line.startsWith("#") || line === "" ? [] : [line.split(",").at(-1)?.trim() ?? ""]));

test("a clip of 60 s across segments begins at the key frame before its start and holds every picture as it was recorded", async () => {
  const { site } = await recorded();
  const clip = await ask(site, 13.5, 73.5);
  const before = cpuSeconds();
  expect(await clip.cut()).toEqual({ done: true });
  expect(cpuSeconds() - before).toBeLessThan(1);
  const ready = await clip.read();
  expect(ready).toMatchObject({
    status: "READY",
    failure: null,
    start_time: at(13.5),
    end_time: at(73.5),
    actual_start: at(12),
    actual_end: at(74),
    gaps: [],
  });
  const file = await download(site, clip.id);
  const { times, packets, stream } = probe(file);
  expect(times).toHaveLength(62 * 25);
  expect(times[0]).toBe(0);
  expect(times.at(-1)).toBeCloseTo(62 - 1 / 25, 3);
  expect(times.every((time, index) => index === 0 || Math.abs(time - (times[index - 1] ?? 0) - 0.04) < 0.001)).toBe(
    true,
  );
  expect(packets[0].flags).toContain("K");
  expect(stream).toMatchObject({ codec_name: "h264", width: 320, height: 180, nb_frames: "1550" });
  const whole = join(folder, "whole.mp4");
  writeFileSync(whole, video[1] ?? "");
  // 12 s is 2 s into the second file.
  expect(pictures(file).slice(0, 200)).toEqual(pictures(whole).slice(50));
});

test("a clip that is ready has a small first picture, is told once and lies under its own hash", async () => {
  const { site } = await recorded();
  const clip = await ask(site, 10, 20);
  await clip.cut();
  const ready = await clip.read();
  expect(await told(clip.id)).toMatchObject([
    { type: "clip.ready", data: { clip_id: clip.id, cidade_id: site.cidade_id } },
  ]);
  const answer = await host.host.fetch(new Request(`http://gt.test${ready.thumbnail_url}`));
  const file = join(folder, "thumbnail.jpg");
  writeFileSync(file, Buffer.from(await answer.arrayBuffer()));
  expect(probe(file).stream).toMatchObject({ codec_name: "mjpeg", width: 160, height: 90 });
  const stored = await host.objects.head("clips", `${site.cidade_id}/${clip.id}-${ready.sha256.slice(0, 16)}.mp4`);
  expect(stored).toMatchObject({ sha256: ready.sha256, bytes: ready.bytes, content_type: "video/mp4" });
});

test("delivered twice, also at once, it is one clip and told once", async () => {
  const { site } = await recorded();
  const clip = await ask(site, 10, 20);
  expect(await Promise.all([clip.cut(), clip.cut()])).toEqual([{ done: true }, { done: true }]);
  const ready = await clip.read();
  expect(await clip.cut()).toEqual({ done: true });
  expect({ ...(await clip.read()), thumbnail_url: "" }).toEqual({ ...ready, thumbnail_url: "" });
  expect(await told(clip.id)).toHaveLength(1);
  expect(await host.objects.list("clips", `${site.cidade_id}/${clip.id}`)).toHaveLength(1);
});

test("what a killed cut had stored goes, once the clip is ready and when its message comes again", async () => {
  const { site } = await recorded((all) => all.slice(0, 2));
  const clip = await ask(site, 1, 5);
  const folderOf = `${site.cidade_id}/${clip.id}-`;
  const leave = async (): Promise<void> => {
    await host.objects.put("clips", `${folderOf}0123456789abcdef.mp4`, Buffer.from("half"), {
      content_type: "video/mp4",
    });
    await host.objects.put("thumbnails", `${folderOf}0123456789abcdef.jpg`, Buffer.from("half"), {
      content_type: "image/jpeg",
    });
  };
  const there = async () =>
    (await Promise.all((["clips", "thumbnails"] as const).map((bucket) => host.objects.list(bucket, folderOf))))
      .flat()
      .map(({ key }) => key);
  await leave();
  await clip.cut();
  const { sha256 } = await clip.read();
  const own = [".mp4", ".jpg"].map((ending) => `${folderOf}${sha256.slice(0, 16)}${ending}`);
  expect(await there()).toEqual(own);
  await leave();
  // As after a store that was away at the end of the first.
  await host.database.owner`delete from inbox where id = ${clip.event.id}`;
  await clip.cut();
  expect(await there()).toEqual(own);
});

test("gaps inside are listed with the cause that is known, and the pictures around them are joined", async () => {
  const { site } = await recorded((all) => all.filter((_, index) => index !== 2 && index !== 4));
  const gap = { camera_id: site.camera_id, starts_at: at(40), ends_at: at(50), cause: "camera", detail: null };
  await site.agent.post("/api/agents/gaps", { gaps: [gap] });
  const clip = await ask(site, 12, 100);
  expect(await clip.cut()).toEqual({ done: true });
  expect(await clip.read()).toMatchObject({
    status: "READY",
    actual_start: at(12),
    actual_end: at(90),
    gaps: [
      { starts_at: at(20), ends_at: at(30), cause: null },
      { starts_at: at(40), ends_at: at(50), cause: "camera" },
      { starts_at: at(90), ends_at: at(100), cause: null },
    ],
  });
  const { times } = probe(await download(site, clip.id));
  expect(times).toHaveLength((8 + 10 + 40) * 25);
  expect(times.at(-1)).toBeCloseTo(58 - 1 / 25, 3);
});

test("a start on a key frame brings nothing before it, also where the clock makes segments overlap a little", async () => {
  const { site } = await recorded((all) =>
    all.map((one) => ({
      ...one,
      segment: { ...one.segment, wall_end: new Date(Date.parse(one.segment.wall_end) + 300).toISOString() },
    })),
  );
  const clip = await ask(site, 20.1, 22);
  await clip.cut();
  expect(await clip.read()).toMatchObject({ actual_start: at(20), actual_end: at(22) });
});

const failing = async (site: RecordedCity, failure: string): Promise<void> => {
  const clip = await ask(site, 5, 35);
  expect(await clip.cut()).toEqual({ done: true });
  expect(await clip.read()).toMatchObject({ status: "FAILED", failure, sha256: null, thumbnail_url: null });
  expect(await told(clip.id)).toMatchObject([{ type: "clip.failed", data: { failure } }]);
  expect(await clip.cut()).toEqual({ done: true });
  expect(await told(clip.id)).toHaveLength(1);
  expect(await host.objects.list("clips", `${site.cidade_id}/`)).toEqual([]);
};
const second = ({ cidade_id }: RecordedCity, segments: readonly Recorded[]): string =>
  objectKeyOf(cidade_id, (segments[1] as Recorded).segment);

test("a segment that is gone from the store makes the clip fail with that reason, once", async () => {
  const { site, segments } = await recorded();
  await host.objects.delete("recordings", second(site, segments));
  await failing(site, "clip.segment_missing");
});

test("a segment with other bytes than were recorded makes the clip fail with that reason", async () => {
  const { site, segments } = await recorded();
  const key = second(site, segments);
  const bytes = Buffer.from(segments[1]?.bytes ?? []);
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
  await host.objects.delete("recordings", key);
  await host.objects.put("recordings", key, bytes, { content_type: "video/mp4" });
  await failing(site, "clip.segment_damaged");
});

test("bytes that are no video make the clip fail with that reason", async () => {
  const site = await recordedCity(host);
  await site.record(...[0, 10, 20].map((seconds) => site.plain(new Date(begin + seconds * 1000))));
  await failing(site, "clip.segment_unreadable");
});

test("a camera whose picture changes its size inside the interval makes the clip fail with that reason", async () => {
  const { site } = await recorded((all) => all.slice(0, 1));
  const [larger] = site.segments(recordVideo(10, "640x360"), new Date(begin + 10_000));
  await site.record(larger as Recorded);
  await failing(site, "clip.format_changed");
});

test("what was deleted before its turn came makes the clip fail with that reason", async () => {
  const { site } = await recorded((all) => all.slice(0, 4));
  const clip = await ask(site, 5, 35);
  await host.database.owner`delete from recording_segments where camera_id = ${site.camera_id}`;
  expect(await clip.cut()).toEqual({ done: true });
  expect(await clip.read()).toMatchObject({ status: "FAILED", failure: "clip.nothing_recorded" });
});

test("a message about a clip that its city does not have changes nothing", async () => {
  const [own, other] = [await recorded(), await recorded()];
  const clip = await ask(other.site, 5, 35);
  const astray = host.event(ClipRequested, { clip_id: clip.id, cidade_id: own.site.cidade_id });
  expect(await host.deliver(astray, "cut-clip")).toMatchObject({ failed: true });
  expect(await clip.read()).toMatchObject({ status: "PENDING" });
  const nobody = host.event(ClipRequested, { clip_id: uuidv7(), cidade_id: own.site.cidade_id });
  expect(await host.deliver(nobody, "cut-clip")).toMatchObject({ failed: true });
});
