import { expect, test } from "vitest";
import { tinyJpeg } from "#test/harness/plates.ts";
import { readPicture } from "./pictures.ts";

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");

test("a whole JPEG is taken, with or without its data prefix and with a camera's padding", () => {
  const padded = Buffer.concat([tinyJpeg, Buffer.alloc(16)]);
  for (const text of [base64(tinyJpeg), `data:image/jpeg;base64,${base64(tinyJpeg)}`, base64(padded)]) {
    expect(readPicture(text)).toMatchObject({ content_type: "image/jpeg", problem: null });
  }
});

test("a picture that was cut off is kept and marked", () => {
  expect(readPicture(base64(tinyJpeg.subarray(0, -2)))).toMatchObject({ problem: "truncated" });
  const png = Buffer.from("89504e470d0a1a0a0000000d49484452", "hex");
  expect(readPicture(base64(png))).toMatchObject({ content_type: "image/png", problem: "truncated" });
});

test.each([
  [null, "none"],
  ["", "none"],
  ["%%%", "undecodable"],
  [base64(Buffer.from("GIF89a")), "unsupported"],
  [base64(Buffer.alloc(5 * 1024 * 1024 + 8)), "too_large"],
])("what is no picture is not kept, and says why (%#)", (text, problem) => {
  expect(readPicture(text)).toEqual({ bytes: null, problem });
});
