import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { testVideo } from "#test/harness/video.ts";
import { writeFragmentHead, writeInit } from "./fmp4-writer.ts";
import { boxesIn, readFragments, readInit, setDecodeTime } from "./fmp4.ts";
import { NAL, nalType, parseSps, splitAnnexB, toAnnexB } from "./h264.ts";

const units = testVideo({ seconds: 2, group: 25, size: "322x182" });
const [sps = new Uint8Array(), pps = new Uint8Array()] =
  units[0]?.nals.filter((nal) => [NAL.sps, NAL.pps].includes(nalType(nal) as 7)) ?? [];
const lengths = (nals: readonly Uint8Array[]): Buffer =>
  Buffer.concat(
    nals.flatMap((nal) => [
      Buffer.from([nal.length >> 24, nal.length >> 16, nal.length >> 8, nal.length].map((byte) => byte & 0xff)),
      nal,
    ]),
  );

const written = (): Buffer => {
  const { width, height } = parseSps(sps);
  const fragments = units.flatMap(({ nals, key }, index) => {
    const avcc = lengths(nals.filter((nal) => nalType(nal) <= 5));
    const decode_time = 2 ** 33 + index * 3600;
    const sample = { sequence: index + 1, decode_time, composition_offset: 0, duration: 3600, key, avcc };
    return [writeFragmentHead(sample), avcc];
  });
  return Buffer.concat([writeInit({ sps, pps, width, height, timescale: 90_000 }), ...fragments]);
};

describe("fragments as we write them", () => {
  test("are what ffprobe reads: codec, size, every picture, times, key frames", () => {
    const args = [
      "-v",
      "error",
      "-show_entries",
      "stream=codec_name,width,height:packet=pts,flags",
      "-of",
      "json",
      "-i",
      "pipe:0",
    ];
    const { stdout, stderr } = spawnSync("ffprobe", args, { input: written() });
    expect(stderr.toString()).toBe("");
    const read = JSON.parse(stdout.toString()) as { streams: object[]; packets: { pts: number; flags: string }[] };
    expect(read.streams).toMatchObject([{ codec_name: "h264", width: 322, height: 182 }]);
    expect(read.packets.map(({ pts }) => pts - (read.packets[0]?.pts ?? 0))).toEqual(
      units.map((_, index) => index * 3600),
    );
    expect(read.packets.map(({ flags }) => flags.startsWith("K"))).toEqual(units.map(({ key }) => key));
  });

  test("are read back: where each lies, when it begins, how long it is", () => {
    const bytes = written();
    expect(readInit(bytes)).toMatchObject({ timescale: 90_000, width: 322, height: 182, codec: parseSps(sps).codec });
    const found = readFragments(bytes);
    expect(found.map(({ decode_time, duration, samples }) => [decode_time - 2 ** 33, duration, samples])).toEqual(
      units.map((_, index) => [index * 3600, 3600, 1]),
    );
    expect((found.at(-1)?.offset ?? 0) + (found.at(-1)?.length ?? 0)).toBe(bytes.length);
  });

  test("get another decode time in place", () => {
    const bytes = written();
    const [first] = readFragments(bytes);
    setDecodeTime(bytes.subarray(first?.offset), 1234);
    expect(readFragments(bytes)[0]?.decode_time).toBe(1234);
    expect(() => setDecodeTime(Buffer.from("nothing"), 1)).toThrow("without a decode time");
  });
});

describe("what a killed writer left", () => {
  test("cut at any byte, only whole fragments are seen and nothing throws", () => {
    const bytes = written();
    const all = readFragments(bytes);
    for (let end = 0; end < bytes.length; end += 97) {
      const whole = all.filter(({ offset, length }) => offset + length <= end).length;
      expect(readFragments(bytes.subarray(0, end))).toHaveLength(whole);
    }
  });

  test("sizes that lie lead nowhere", () => {
    expect(boxesIn(Buffer.from([0, 0, 0, 3, 1, 2, 3, 4, 5, 6, 7, 8]))).toEqual([]);
    expect(boxesIn(Buffer.alloc(64, 0xff))).toEqual([]);
    expect(readInit(Buffer.alloc(64))).toBeNull();
  });
});

describe("parameter sets", () => {
  test("say size and profile, cropping included", () => {
    expect(parseSps(sps)).toMatchObject({ width: 322, height: 182 });
    expect(parseSps(sps).codec).toMatch(/^avc1\.[0-9a-f]{6}$/);
  });

  test("cut short or wild are refused in bounded time", () => {
    for (let end = 1; end < 8; end += 1) expect(() => parseSps(sps.subarray(0, end))).toThrow(RangeError);
    expect(() => parseSps(Buffer.alloc(40, 0))).toThrow(RangeError);
  });
});

test("start codes of three and four bytes are seen", () => {
  const nals = [Buffer.from([0x67, 1, 2]), Buffer.from([0x65, 9, 8, 7])];
  expect(splitAnnexB(toAnnexB(nals)).map((nal) => Buffer.from(nal))).toEqual(nals);
  expect(splitAnnexB(Buffer.from([0, 0, 1, 0x67, 1, 0, 0, 1, 0x65, 2])).map((nal) => [...nal])).toEqual([
    [0x67, 1],
    [0x65, 2],
  ]);
});
