import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { chanceOf } from "#demo/random.ts";
import { DRAWING, FRAME_CODE, cellsOf, drawFrameCode, readFrameCode } from "./frame-code.ts";
import { planesOf } from "./planes.ts";

const picture = (frame: number, camera = 3) => {
  const planes = planesOf(DRAWING.width, DRAWING.height);
  const chance = chanceOf("noise", frame);
  for (let at = 0; at < planes.y.length; at += 1) planes.y[at] = 60 + ((at * 7 + chance.whole(0, 90)) % 120);
  planes.u.fill(128);
  planes.v.fill(128);
  drawFrameCode({ camera, frame }, planes.y, planes.width);
  return planes;
};
const pixelsOf = (frame: number) => ({ data: picture(frame).y, width: DRAWING.width, height: DRAWING.height });

test("every number of a loop and every camera is read back as drawn", () => {
  const luma = new Uint8Array(DRAWING.width * DRAWING.height);
  for (let frame = 0; frame < 4096; frame += 13) {
    const code = { camera: frame % 16, frame };
    drawFrameCode(code, luma, DRAWING.width);
    expect(readFrameCode({ data: luma, width: DRAWING.width, height: DRAWING.height })).toEqual(code);
  }
});

test.each([
  [640, 360],
  [423, 240],
  [320, 180],
  [1272, 720],
])("it survives H.264 at 200 kbit/s and a browser's scaling to %i × %i", (width, height) => {
  const frames = [0, 1, 2, 511, 512, 719];
  const raw = Buffer.concat(frames.map((frame) => picture(frame).bytes));
  const ffmpeg = (args: string, input: Buffer): Buffer => {
    const made = spawnSync("ffmpeg", ["-v", "error", ...args.split(" ")], { input, maxBuffer: 2 ** 28 });
    expect(made.stderr.toString()).toBe("");
    return made.stdout;
  };
  const size = `${DRAWING.width}x${DRAWING.height}`;
  const coded = ffmpeg(
    `-f rawvideo -pix_fmt yuv420p -s ${size} -r 15 -i pipe:0 -c:v libx264 -preset superfast -b:v 200k -maxrate 200k -bufsize 200k -g 15 -bf 0 -f h264 pipe:1`,
    raw,
  );
  const pixels = ffmpeg(`-f h264 -i pipe:0 -vf scale=${width}:${height} -pix_fmt rgba -f rawvideo pipe:1`, coded);
  const read = frames.map((_, index) => {
    const from = index * width * height * 4;
    return readFrameCode({ data: pixels.subarray(from, from + width * height * 4), width, height });
  });
  expect(read).toEqual(frames.map((frame) => ({ camera: 3, frame })));
});

test("a picture without a code, and one whose cells were changed, give nothing rather than a wrong number", () => {
  const { data, width, height } = pixelsOf(100);
  expect(readFrameCode({ data: new Uint8Array(width * height).fill(90), width, height })).toBeNull();
  const cell = FRAME_CODE.height / 2;
  for (let index = 2; index < 30; index += 1) {
    const changed = data.slice();
    const x = FRAME_CODE.left + (index % 16) * cell;
    const y = FRAME_CODE.top + Math.floor(index / 16) * cell;
    const white = cellsOf({ camera: 3, frame: 100 })[index];
    for (let row = y; row < y + cell; row += 1) changed.fill(white ? 16 : 235, row * width + x, row * width + x + cell);
    expect(readFrameCode({ data: changed, width, height })).toBeNull();
  }
});

test("a number that has no room in the code is refused, not cut", () => {
  expect(() => cellsOf({ camera: 0, frame: 4096 })).toThrow(RangeError);
  expect(() => cellsOf({ camera: 16, frame: 0 })).toThrow(RangeError);
});
