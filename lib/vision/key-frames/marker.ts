/**
 * FFmpeg hands a decoded picture out when one or more others came after it: raw video has no end of a picture but the beginning
 * of the next, decoders keep pictures that others may still overtake, and its muxer holds one back. So each picture is followed
 * by a tiny one of ours, 16 × 16, which pushes it out. It comes out too and is known by its looks: it also shows that what we
 * count as pictures and what FFmpeg does are still the same.
 */
import type { Codec } from "./access-unit.ts";

export const MARKER_BYTES = 16 * 16 * 1.5;

/** Made once by FFmpeg: the left half 60, the right half 190, `-qp 24`, limited and full range. */
const markers: Record<Codec, { limited: string; full: string }> = {
  h264: {
    limited: "AAAAAWdCwArd7ARAAAADAEAAAAMAg8SJ4AAAAAFozgssgAAAAWWIhD8Rg4AAiEi8cAAQE44AAgPY",
    full: "AAAAAWdCwArd7AWyAAADAAIAAAMABB4kTwAAAAFozgssgAAAAWWIhD8Rg4AAid/jgACAzHAAECbA",
  },
  h265: {
    limited:
      "AAAAAUABDAH//wQIAAADAJ+oAAADAAAeugJAAAAAAUIBAQQIAAADAJ+oAAADAAAeoIhFluqvC8BaAgAAAwACAAADAAIQAAAAAUQBwXGBEgAAASgBrF530/62Afepgd+y80eDXp/g",
    full: "AAAAAUABDAH//wQIAAADAJ+oAAADAAAeugJAAAAAAUIBAQQIAAADAJ+oAAADAAAeoIhFluqvC8BbAgAAAwACAAADAAIQAAAAAUQBwXGBEgAAASgBrF530/7RWfjpgsvsvNajl6f4",
  },
};

export const markerOf = (codec: Codec, full_range: boolean): Buffer =>
  Buffer.from(markers[codec][full_range ? "full" : "limited"], "base64");
