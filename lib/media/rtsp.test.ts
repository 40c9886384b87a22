import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { authParts, digestResponse, rtspSplitter, statusOf, type RtspMessage } from "./rtsp.ts";

const heard = () => {
  const messages: RtspMessage[] = [];
  const frames: { channel: number; bytes: string }[] = [];
  const splitter = rtspSplitter({
    message: (message) => void messages.push(message),
    frame: (channel, data, from, to) => void frames.push({ channel, bytes: data.toString("latin1", from, to) }),
  });
  return { messages, frames, push: splitter.push };
};
const frameOf = (channel: number, text: string): Buffer =>
  Buffer.concat([Buffer.from([0x24, channel, text.length >> 8, text.length & 0xff]), Buffer.from(text, "latin1")]);
const ANSWER =
  'RTSP/1.0 401 Unauthorized\r\nCSeq: 2\r\nWWW-Authenticate: Basic realm="a"\r\nWWW-Authenticate: Digest realm="a", nonce="b"\r\nContent-Length: 3\r\n\r\nabc';

describe("one stream of messages and packets", () => {
  test("cut anywhere, it yields the same messages and packets in the same order", () => {
    const stream = Buffer.concat([
      Buffer.from(ANSWER),
      frameOf(0, "first"),
      frameOf(1, "x".repeat(3000)),
      Buffer.from("\r\nRTSP/1.0 200 OK\r\nCSeq: 3\r\n\r\n"),
      frameOf(0, "last"),
    ]);
    for (const size of [1, 2, 3, 5, 7, 64, 1000, stream.length]) {
      const { messages, frames, push } = heard();
      // One place for all chunks, as a socket has it: what is kept must have been copied.
      const place = Buffer.alloc(size);
      for (let at = 0; at < stream.length; at += size) {
        const bytes = stream.copy(place, 0, at, at + size);
        push(place.subarray(0, bytes));
      }
      expect(messages.map(statusOf)).toEqual([401, 200]);
      expect(messages[0]?.challenges).toEqual(['Basic realm="a"', 'Digest realm="a", nonce="b"']);
      expect(messages[0]?.body).toBe("abc");
      expect(frames.map(({ channel, bytes }) => `${channel} ${bytes.length}`)).toEqual(["0 5", "1 3000", "0 4"]);
    }
  });

  test.each([
    ["bytes that are no RTSP", Buffer.from([0, 1, 2, 3, 4, 5])],
    ["HTTP", Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n")],
    ["a body larger than any description", Buffer.from("RTSP/1.0 200 OK\r\nContent-Length: 99999999\r\n\r\n")],
    ["a length that is no number", Buffer.from("RTSP/1.0 200 OK\r\nContent-Length: -5\r\n\r\n")],
    ["a head without end", Buffer.from(`RTSP/1.0 200 OK\r\nX: ${"y".repeat(70_000)}`)],
  ])("%s are refused", (_, bytes) => {
    expect(() => heard().push(bytes)).toThrow(SyntaxError);
  });

  test("what is cut short says nothing yet", () => {
    const { messages, frames, push } = heard();
    push(Buffer.from("RTSP/1.0 200 OK\r\nContent-Length: 10\r\n\r\nabc"));
    expect(messages).toEqual([]);
    const other = heard();
    other.push(frameOf(0, "abcdef").subarray(0, 7));
    expect([frames, other.frames]).toEqual([[], []]);
  });
});

describe("digest", () => {
  test("answers as RFC 7616 says in its example, with MD5 and with SHA-256", () => {
    const credentials = { username: "Mufasa", password: "Circle of Life" };
    const request = { method: "GET", uri: "/dir/index.html" };
    const challenge =
      'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=ALGO, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"';
    const cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
    const of = (algorithm: string): string =>
      digestResponse(credentials, request, authParts(challenge.replace("ALGO", algorithm)), cnonce);
    expect(of("MD5")).toBe("8ca523f5e9506fed4657c9700eebdbec");
    expect(of("SHA-256")).toBe("753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1");
  });

  test("an old camera without qop gets the old form", () => {
    const md5 = (text: string): string => createHash("md5").update(text).digest("hex");
    const parts = authParts('Digest realm="cam", nonce="n"');
    const expected = md5(`${md5("u:cam:p")}:n:${md5("DESCRIBE:rtsp://h/")}`);
    expect(digestResponse({ username: "u", password: "p" }, { method: "DESCRIBE", uri: "rtsp://h/" }, parts, "c")).toBe(
      expected,
    );
  });
});
