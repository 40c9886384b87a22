import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { nalsOf, onlyTypes, pictureAssembler, type CodedPicture } from "./h264-pictures.ts";
import { h264Packetiser } from "./rtp.ts";

const unit = (type: number, bytes: number): Buffer => Buffer.concat([Buffer.from([0x60 | type]), randomBytes(bytes)]);
const collected = () => {
  const pictures: CodedPicture[] = [];
  const assembler = pictureAssembler((picture) => pictures.push({ ...picture, avcc: Buffer.from(picture.avcc) }));
  return { pictures, push: (packet: Buffer) => assembler.push(packet, 0, packet.length) };
};
const hex = (nals: readonly Uint8Array[]): string[] => nals.map((nal) => Buffer.from(nal).toString("hex"));

describe("pictures from packets", () => {
  test("come out as they went in: single units, pieces, many slices", () => {
    const { pictures, push } = collected();
    const packetiser = h264Packetiser(1);
    const key = [unit(7, 20), unit(8, 4), unit(5, 100_000)];
    const other = [unit(1, 30), unit(1, 5000), unit(1, 1399)];
    for (const [index, nals] of [key, other].entries())
      for (const packet of packetiser.packets(nals, index * 3600)) push(packet);
    expect(pictures.map(({ avcc }) => hex(nalsOf(avcc)))).toEqual([hex(key), hex(other)]);
    expect(pictures.map(({ key: isKey, damaged, rtp_time }) => [isKey, damaged, rtp_time])).toEqual([
      [true, false, 0],
      [false, false, 3600],
    ]);
  });

  test("parameter sets alone make no key frame", () => {
    const { pictures, push } = collected();
    for (const packet of h264Packetiser(1).packets([unit(7, 20), unit(8, 4), unit(1, 3000)], 0)) push(packet);
    expect(pictures.map(({ key }) => key)).toEqual([false]);
  });

  test("an aggregate is taken apart, extension and padding are left out", () => {
    const { pictures, push } = collected();
    const [sps, idr] = [unit(7, 9), unit(5, 40)];
    const length = (nal: Buffer): Buffer => Buffer.from([nal.length >> 8, nal.length & 0xff]);
    const head = Buffer.from([0xb0, 0x80 | 96, 0, 7, 0, 0, 0, 1, 0, 0, 0, 1, 0xbe, 0xde, 0, 1, 9, 9, 9, 9]);
    push(Buffer.concat([head, Buffer.from([24]), length(sps), sps, length(idr), idr, Buffer.from([0, 0, 3])]));
    expect(pictures.map(({ avcc, key }) => [hex(nalsOf(avcc)), key])).toEqual([[hex([sps, idr]), true]]);
  });

  test("without a marker the next timestamp ends a picture", () => {
    const { pictures, push } = collected();
    for (const [index, packet] of [0, 1]
      .map((at) => h264Packetiser(1).packets([unit(1, 10)], at * 3600)[0])
      .entries()) {
      if (!packet) continue;
      packet[1] = 96;
      packet[3] = index;
      push(packet);
    }
    expect(pictures).toHaveLength(1);
  });

  test("a picture with a hole in it says so and leaves the torn unit out; what follows is whole", () => {
    const { pictures, push } = collected();
    const packetiser = h264Packetiser(1);
    const small = unit(6, 5);
    const packets = [0, 1, 2].flatMap((at) => packetiser.packets([small, unit(1, 6000)], at * 3600));
    for (const [at, packet] of packets.entries()) if (at !== 9) push(packet);
    expect(pictures.map(({ damaged }) => damaged)).toEqual([false, true, false]);
    expect(hex(nalsOf(pictures[1]?.avcc ?? small))).toEqual(hex([small]));
  });

  test("garbage, truncated packets and pieces without a beginning neither throw nor become pictures", () => {
    const { pictures, push } = collected();
    for (let length = 0; length < 40; length += 1) push(Buffer.alloc(length, 0xff));
    const [first = Buffer.alloc(0), second = Buffer.alloc(0)] = h264Packetiser(1).packets([unit(5, 4000)], 0);
    for (let length = 0; length < 20; length += 1) push(first.subarray(0, length));
    push(second);
    const wild = Array.from({ length: 2000 }, () => randomBytes(1 + Math.floor(Math.random() * 60)));
    for (const packet of wild) {
      packet[0] = 0x80 | ((packet[0] ?? 0) & 0x3f);
      push(packet);
    }
    for (const { avcc } of pictures)
      expect(nalsOf(avcc).reduce((sum, nal) => sum + 4 + nal.length, 0)).toBe(avcc.length);
  });

  test("a picture without end does not fill the memory", () => {
    const { pictures, push } = collected();
    const head = Buffer.from([0x80, 96, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1]);
    const large = Buffer.concat([head, unit(1, 60_000)]);
    for (let sequence = 0; sequence < 600; sequence += 1) {
      large.writeUInt16BE(sequence, 2);
      push(large);
    }
    large.writeUInt32BE(99, 4);
    push(large);
    expect(pictures[0]?.damaged).toBe(true);
    expect(pictures[0]?.avcc.length).toBeLessThanOrEqual(16 * 1024 * 1024);
  });
});

test("units of some types are taken out with their lengths", () => {
  const { pictures, push } = collected();
  const nals = [unit(9, 1), unit(7, 9), unit(5, 4000), unit(6, 3), unit(5, 70)];
  for (const packet of h264Packetiser(1).packets(nals, 0)) push(packet);
  const avcc = pictures[0]?.avcc ?? Buffer.alloc(0);
  expect(hex(nalsOf(onlyTypes(avcc, new Set([5]))))).toEqual(hex([nals[2] ?? avcc, nals[4] ?? avcc]));
  expect(onlyTypes(avcc, new Set([5, 6, 7, 9]))).toBe(avcc);
});
