import { connect, type Socket } from "node:net";
import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { nalsOf, pictureAssembler, type CodedPicture } from "#lib/media/h264-pictures.ts";
import { rtspSplitter, statusOf, type RtspMessage } from "#lib/media/rtsp.ts";
import { testVideo } from "#test/harness/video.ts";
import { descriptionOf, feed, START, tapAt } from "../testing/scene.ts";
import { until } from "#test/harness/system.ts";
import { openRelay, type Relay } from "./relay.ts";
import { readSdp, writeSdp } from "./sdp.ts";

const units = testVideo({ seconds: 2, size: "1280x720" });
const video = descriptionOf(units);
let relay: Relay;
const sockets: Socket[] = [];
beforeEach(async () => void (relay = await openRelay()));
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await relay.close();
});

const reader = async (url: string) => {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  sockets.push(socket);
  await once(socket, "connect");
  const pictures: CodedPicture[] = [];
  const assembler = pictureAssembler((picture) => pictures.push({ ...picture, avcc: Buffer.from(picture.avcc) }));
  let heard: (message: RtspMessage) => void = () => undefined;
  const splitter = rtspSplitter({
    message: (message) => heard(message),
    frame: (_, data, from, to) => assembler.push(data, from, to),
  });
  socket.on("data", (chunk: Buffer) => splitter.push(chunk));
  let sequence = 0;
  const ask = (method: string, to = url): Promise<RtspMessage> => {
    const answer = new Promise<RtspMessage>((resolve) => (heard = resolve));
    socket.write(
      `${method} ${to} RTSP/1.0\r\nCSeq: ${(sequence += 1)}\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n`,
    );
    return answer;
  };
  return { socket, pictures, ask };
};

describe("a path", () => {
  test("gives its reader the camera's description and every picture as it came", async () => {
    const path = relay.path(video);
    const { ask, pictures } = await reader(path.url);
    const described = await ask("DESCRIBE");
    expect(readSdp(described.body)).toMatchObject({
      codec: "H264",
      payload_type: 96,
      parameter_sets: video.parameter_sets,
    });
    await ask("SETUP", `${path.url}/video`);
    await ask("PLAY");
    await path.playing;
    const tap = tapAt(() => START);
    tap.attachReader({ begins: () => undefined, picture: path.send, idle: path.idle });
    await feed(tap, units, () => undefined);
    // Who asks whether all has left lets go what was held back.
    path.idle();
    await until("all pictures", 10_000, () => (pictures.length === units.length ? true : undefined));
    expect(pictures.map(({ avcc }) => nalsOf(avcc).map((nal) => nal.toString("hex")))).toEqual(
      units.map(({ nals }) => nals.map((nal) => Buffer.from(nal).toString("hex"))),
    );
    expect(pictures.every(({ damaged }) => !damaged)).toBe(true);
  });

  test("is for the first who asks; nobody else finds it, then or later", async () => {
    const path = relay.path(video);
    const [first, second] = [await reader(path.url), await reader(path.url)];
    expect(statusOf(await first.ask("DESCRIBE"))).toBe(200);
    expect(statusOf(await second.ask("DESCRIBE"))).toBe(404);
    first.socket.destroy();
    expect(statusOf(await second.ask("DESCRIBE"))).toBe(404);
  });

  test("is gone once it was closed", async () => {
    const path = relay.path(video);
    path.close();
    expect(statusOf(await (await reader(path.url)).ask("DESCRIBE"))).toBe(404);
  });

  test("has a name that cannot be guessed and no credential in it", () => {
    const [one, two] = [relay.path(video).url, relay.path(video).url];
    expect(one).toMatch(/^rtsp:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{32}$/);
    expect(one).not.toBe(two);
  });

  test("hands over several pictures together, but none later than with the next key frame", async () => {
    const path = relay.path(video);
    const { ask, pictures } = await reader(path.url);
    for (const method of ["DESCRIBE", "SETUP", "PLAY"]) await ask(method);
    const [key, plain] = [Buffer.from([0, 0, 0, 2, 0x65, 1]), Buffer.from([0, 0, 0, 2, 0x41, 1])];
    const send = (avcc: Buffer, rtp_time: number) => path.send({ avcc, key: avcc === key, damaged: false, rtp_time });
    for (let index = 0; index < 3; index += 1) send(plain, index * 3600);
    await ask("OPTIONS");
    expect(pictures).toEqual([]);
    send(key, 3 * 3600);
    await until("four pictures", 10_000, () => (pictures.length === 4 ? true : undefined));
    for (let index = 4; index < 12; index += 1) send(plain, index * 3600);
    await until("eight more", 10_000, () => (pictures.length === 12 ? true : undefined));
  });

  test("still delivers what was sent before it was closed", async () => {
    const path = relay.path(video);
    const { ask, pictures, socket } = await reader(path.url);
    for (const method of ["DESCRIBE", "SETUP", "PLAY"]) await ask(method);
    const avcc = Buffer.concat([Buffer.from([0, 0x0f, 0x42, 0x40, 0x65]), Buffer.alloc(999_999)]);
    for (let index = 0; index < 8; index += 1) path.send({ avcc, key: true, damaged: false, rtp_time: index * 3600 });
    const small = Buffer.from([0, 0, 0, 1, 0x41]);
    path.send({ avcc: small, key: false, damaged: false, rtp_time: 8 * 3600 });
    path.close();
    await once(socket, "end");
    expect(pictures.map(({ avcc: { length } }) => length)).toEqual([
      ...Array.from({ length: 8 }, () => avcc.length),
      5,
    ]);
  });
});

describe("a reader that takes nothing", () => {
  test("is seen to be stuck, and is let go before it fills the memory", async () => {
    const path = relay.path(video);
    const { ask, socket } = await reader(path.url);
    for (const method of ["DESCRIBE", "SETUP", "PLAY"]) await ask(method);
    socket.pause();
    const picture = {
      avcc: Buffer.concat([Buffer.from([0, 0x0f, 0x42, 0x40, 0x65]), Buffer.alloc(999_999)]),
      key: true,
      damaged: false,
      rtp_time: 0,
    };
    expect([path.idle(), path.stuckMs()]).toEqual([true, 0]);
    let sent = 0;
    while (sent < 60 && path.send(picture)) {
      sent += 1;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(sent).toBeLessThan(40);
    expect([path.idle(), path.stuckMs()]).toEqual([false, Number.POSITIVE_INFINITY]);
  });
});

describe("a stranger", () => {
  test("who speaks no RTSP is hung up on", async () => {
    const { socket } = await reader(relay.path(video).url);
    const closed = once(socket, "close");
    socket.write(Buffer.from([0xff, 1, 2, 3]));
    await closed;
  });

  test("who wants UDP does not get it", async () => {
    const { socket, ask } = await reader(relay.path(video).url);
    await ask("DESCRIBE");
    const answer = once(socket, "data");
    socket.write(`SETUP rtsp://x/y RTSP/1.0\r\nCSeq: 9\r\nTransport: RTP/AVP;unicast;client_port=5000-5001\r\n\r\n`);
    expect(String((await answer)[0])).toContain("461");
  });
});

describe("descriptions", () => {
  test("of cameras that say little are read all the same", () => {
    expect(readSdp("v=0\r\nm=video 0 RTP/AVP 26\r\n")).toMatchObject({
      codec: "JPEG",
      clock_rate: 90_000,
      control: "",
    });
    expect(readSdp("v=0\nm=audio 0 RTP/AVP 0\n")).toBeNull();
    expect(readSdp("")).toBeNull();
    const both =
      "v=0\r\nm=audio 0 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\nm=video 0 RTP/AVP 97\r\na=rtpmap:97 h265/90000\r\na=control:trackID=2\r\n";
    expect(readSdp(both)).toMatchObject({ codec: "H265", payload_type: 97, control: "trackID=2", audio_codec: "PCMA" });
  });
  test("of ours are read back", () => {
    expect(readSdp(writeSdp(video))).toEqual({ ...video, control: "video" });
  });
});
