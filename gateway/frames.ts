/** `POST /ingest`: frames for analysis from agents. 202 means taken, not kept. */
import { Hono } from "hono";
import { AppError } from "#lib/errors.ts";
import { frameFormatOf } from "#lib/frames/media-types.ts";
import type { GatewayNeeds } from "./needs.ts";

export const FRAME_LIMIT_BYTES = 5 * 1024 * 1024;

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

type Needs = Pick<GatewayNeeds, "frames" | "agentOf" | "cameraInCity" | "clock">;

/** Errors are left to the host's `onError`, which makes problem documents of them. */
export const ingestRoutes = (needs: Needs): Hono =>
  new Hono().post("/ingest", async (context) => {
    const agent = await needs.agentOf(context.req.header("authorization"));
    const head = frameHead(context.req.raw.headers, needs.clock());
    if (!(await needs.cameraInCity(agent.cidade_id, head.camera_id))) throw new AppError("not_found", "No such camera");
    const bytes = await readLimited(context.req.raw.body);
    const kept = await needs.frames.offer({ ...head, cidade_id: agent.cidade_id, bytes });
    return context.json({ id: head.id, evicted_older: !kept }, 202);
  });

const frameHead = (headers: Headers, now: Date) => {
  const format = frameFormatOf(headers.get("content-type") ?? "");
  if (!format) throw new AppError("unsupported_media", "A frame is video/h264, video/h265, image/jpeg or image/png");
  const id = headers.get("x-frame-id") ?? "";
  const camera_id = headers.get("x-camera-id") ?? "";
  const captured = Number(headers.get("x-captured-at") ?? Number.NaN);
  const marked = headers.get("x-read-at-site");
  const errors = [
    ...(uuid.test(id) ? [] : [{ path: "x-frame-id", code: "uuid" }]),
    ...(uuid.test(camera_id) ? [] : [{ path: "x-camera-id", code: "uuid" }]),
    ...(Number.isFinite(captured) && Math.abs(captured) < 8.64e15
      ? []
      : [{ path: "x-captured-at", code: "milliseconds" }]),
    ...(marked === null || marked === "true" ? [] : [{ path: "x-read-at-site", code: "true" }]),
  ];
  if (errors.length > 0) throw new AppError("malformed", "The frame's headers are incomplete", { errors });
  const correlation_id = headers.get("x-correlation-id") ?? id;
  // The newest frame wins by capture time: one from the future would hold its place for ever.
  const captured_at = new Date(Math.min(captured, now.getTime()));
  return { id, camera_id, captured_at, format, correlation_id, ...(marked === null ? {} : { read_at_site: true }) };
};

const readLimited = async (body: ReadableStream<Uint8Array> | null): Promise<Uint8Array> => {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.byteLength;
    if (size > FRAME_LIMIT_BYTES) throw new AppError("too_large", "A frame has at most 5 MiB");
    chunks.push(chunk);
  }
  if (size === 0) throw new AppError("malformed", "The frame is empty");
  return Buffer.concat(chunks, size);
};
