/** Refused frames from one process to another: a line of JSON each, the bytes in Base64. */
import * as z from "zod";
import type { FrameFormat, Refused } from "#lib/frames/frames.ts";
import { frameMediaTypes } from "#lib/frames/media-types.ts";

const formats = Object.keys(frameMediaTypes) as FrameFormat[];

const Line = z.object({
  frame: z.object({
    id: z.string(),
    cidade_id: z.string(),
    camera_id: z.string(),
    captured_at: z.coerce.date(),
    format: z.enum(formats),
    correlation_id: z.string(),
    read_at_site: z.boolean().optional(),
    bytes: z.base64().transform((text) => Buffer.from(text, "base64")),
  }),
  consumer: z.string(),
  reason: z.string(),
  refused_at: z.coerce.date(),
});

export const refusedLine = ({ frame, ...rest }: Refused): string =>
  JSON.stringify({ ...rest, frame: { ...frame, bytes: Buffer.from(frame.bytes).toString("base64") } });

/** Throws where it is not such a line. */
export const readRefusedLine = (line: string): Refused => {
  const { frame, ...rest } = Line.parse(JSON.parse(line));
  const { read_at_site, ...known } = frame;
  return { ...rest, frame: { ...known, ...(read_at_site === undefined ? {} : { read_at_site }) } };
};
