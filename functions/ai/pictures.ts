/** Pictures as cameras send them: base64 inside JSON, sometimes cut off. Judged by structure; nothing is decoded here. */
export const LARGEST_PICTURE = 5 * 1024 * 1024;

export type Picture =
  | {
      bytes: Uint8Array;
      content_type: "image/jpeg" | "image/png";
      extension: "jpg" | "png";
      problem: null | "truncated";
    }
  | { bytes: null; problem: "none" | "undecodable" | "unsupported" | "too_large" };

/** A cut-off picture is kept: its upper half may show the vehicle. */
export const readPicture = (text: string | null | undefined): Picture => {
  if (!text) return { bytes: null, problem: "none" };
  const base64 = text.replace(/^data:[a-z0-9/+.;=-]{1,80},/i, "").replaceAll(/\s/g, "");
  if (base64.length * 0.75 > LARGEST_PICTURE + 2) return { bytes: null, problem: "too_large" };
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return { bytes: null, problem: "undecodable" };
  const bytes = new Uint8Array(Buffer.from(base64, "base64"));
  if (isJpeg(bytes)) {
    return { bytes, content_type: "image/jpeg", extension: "jpg", problem: endsAsJpeg(bytes) ? null : "truncated" };
  }
  if (isPng(bytes)) {
    return { bytes, content_type: "image/png", extension: "png", problem: endsAsPng(bytes) ? null : "truncated" };
  }
  return { bytes: null, problem: "unsupported" };
};

const begins = (bytes: Uint8Array, magic: readonly number[]): boolean =>
  magic.every((byte, index) => bytes[index] === byte);
const isJpeg = (bytes: Uint8Array): boolean => begins(bytes, [0xff, 0xd8, 0xff]);
const isPng = (bytes: Uint8Array): boolean => begins(bytes, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** Cameras pad to a block: zeros after the end marker are no fault. */
const endsAsJpeg = (bytes: Uint8Array): boolean => {
  let end = bytes.length;
  while (end > 2 && bytes[end - 1] === 0) end -= 1;
  return bytes[end - 2] === 0xff && bytes[end - 1] === 0xd9;
};
const endsAsPng = (bytes: Uint8Array): boolean =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).subarray(-64).includes("IEND");
