import { expect, test } from "vitest";
import { h264Packetiser, readSenderReport, writeSenderReport } from "./rtp.ts";

test("packets fit an Ethernet frame, count on and mark the end of a picture", () => {
  const packets = h264Packetiser(7).packets([Buffer.alloc(10, 0x65), Buffer.alloc(5000, 0x65)], 2 ** 32 + 5);
  expect(Math.max(...packets.map(({ length }) => length))).toBeLessThanOrEqual(1414);
  expect(packets.map((packet) => packet.readUInt16BE(2))).toEqual(packets.map((_, index) => index));
  expect(packets.map((packet) => (packet[1] ?? 0) >> 7)).toEqual([...packets.slice(1).map(() => 0), 1]);
  expect(packets[0]?.readUInt32BE(4)).toBe(5);
});

test("a sender report says which wall time an RTP time is, also behind others in one packet", () => {
  const wall_ms = Date.parse("2026-11-24T12:00:00.250Z");
  const report = writeSenderReport(1, { wall_ms, rtp_time: 4_000_000_000, packets: 3, bytes: 9 });
  const receiver = Buffer.from([0x80, 201, 0, 1, 0, 0, 0, 1]);
  for (const packet of [report, Buffer.concat([receiver, report])]) {
    const read = readSenderReport(packet);
    expect(read?.rtp_time).toBe(4_000_000_000);
    expect(Math.abs((read?.wall_ms ?? 0) - wall_ms)).toBeLessThan(0.01);
  }
  for (let end = 0; end < 19; end += 1) expect(readSenderReport(report.subarray(0, end))).toBeNull();
});
