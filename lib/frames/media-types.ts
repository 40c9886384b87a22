/** How a frame's format is written in a `content-type`. */
import type { FrameFormat } from "./frames.ts";

export const frameMediaTypes: Record<FrameFormat, string> = {
  h264: "video/h264",
  h265: "video/h265",
  jpeg: "image/jpeg",
  png: "image/png",
};

const formats = new Map(Object.entries(frameMediaTypes).map(([format, type]) => [type, format as FrameFormat]));

/** `content_type` without parameters. */
export const frameFormatOf = (content_type: string): FrameFormat | undefined => formats.get(content_type);
