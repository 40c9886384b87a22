/** A looped H.264 stream as pictures, ready to be sent. */
import { readFile } from "node:fs/promises";
import { NAL, nalType, splitAnnexB } from "#lib/media/h264.ts";

export type LoopPicture = { nals: Uint8Array[]; key: boolean };
export type Video = { pictures: LoopPicture[]; fps: number; parameter_sets: Uint8Array[] };

/** `file`: H.264 in Annex B without B-frames (`-f h264`), beginning with a key frame. Throws when it is not. */
export const readVideo = async (file: string, fps: number): Promise<Video> => {
  const pictures: LoopPicture[] = [];
  let open: Uint8Array[] = [];
  for (const nal of splitAnnexB(await readFile(file))) {
    const type = nalType(nal);
    const isSlice = type === NAL.slice || type === NAL.idr;
    // `first_mb_in_slice` is 0, written as the one bit 1: a new picture.
    const begins = isSlice && ((nal[1] ?? 0) & 0x80) !== 0;
    const last = pictures.at(-1);
    if (isSlice && !begins && last && open.length === 0) last.nals.push(nal);
    else open.push(nal);
    if (!begins) continue;
    pictures.push({ nals: open, key: type === NAL.idr });
    open = [];
  }
  const [first] = pictures;
  if (!first?.key) throw new Error(`${file} does not begin with a key frame`);
  const parameter_sets = first.nals.filter((nal) => nalType(nal) === NAL.sps || nalType(nal) === NAL.pps);
  return { pictures, fps, parameter_sets };
};
