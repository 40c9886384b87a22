import { expect, test } from "vitest";
import { mediaAddress, viewerUrls } from "./media-address.ts";

test("one line says where its control API is, as whom, and where readers are", () => {
  const address = mediaAddress(
    "http://us%40er:p%3Ass@127.0.0.1:9997/?rtsp=rtsp://127.0.0.1:8555/&hls=https://media.example.org/hls/&rtsps=rtsps://media.example.org",
  );
  expect(address).toEqual({
    api: "http://127.0.0.1:9997",
    authorization: `Basic ${Buffer.from("us@er:p:ss").toString("base64")}`,
    rtsp: "rtsp://127.0.0.1:8555",
    public_urls: { hls: "https://media.example.org/hls", rtsps: "rtsps://media.example.org" },
  });
  expect(mediaAddress("http://localhost:9997")).toMatchObject({ rtsp: "rtsp://127.0.0.1:8554", authorization: null });
});

test("viewers get an address for each way that there is, with their token in it", () => {
  const address = mediaAddress(
    "http://127.0.0.1:9997?hls=https://m.example.org/hls&webrtc=https://m.example.org/webrtc&rtsps=rtsps://m.example.org:8322",
  );
  expect(viewerUrls(address, "camera-1", "a+b")).toEqual({
    hls: "https://m.example.org/hls/camera-1/index.m3u8?token=a%2Bb",
    webrtc: "https://m.example.org/webrtc/camera-1/whep?token=a%2Bb",
    rtsps: "rtsps://m.example.org:8322/camera-1?token=a%2Bb",
  });
  expect(viewerUrls(mediaAddress("http://127.0.0.1:9997"), "camera-1", "a")).toEqual({});
});

test.each([
  ["http://media.example.org:9997", "must be on loopback"],
  ["http://10.0.0.1:9997", "must be on loopback"],
  ["http://127.0.0.1.example.org:9997", "must be on loopback"],
  ["http://0.0.0.0:9997", "must be on loopback"],
  ["http://127.0.0.1:9997?rtsp=rtsp://10.0.0.1:8554", "rtsp must be on loopback"],
  ["http://127.0.0.1:9997?hls=javascript:alert(1)", "hls is no such address"],
  ["http://127.0.0.1:9997?hsl=https://x", "no option hsl"],
  ["9997", "there must be an http: or https: address"],
])("%s is refused with the reason", (url, reason) => {
  expect(() => mediaAddress(url)).toThrow(reason);
});
