import * as z from "zod";
import { AppError } from "#lib/errors.ts";
import { http } from "#lib/function/define.ts";
import { LprPosted, LprReceipt } from "../contract.ts";
import { eventIdOf, readBody } from "../gt-vision-json.ts";
import { insertRawPost } from "../raw-posts.ts";

export const receiveLprEvent = http({
  name: "receive-lpr-event",
  summary: "Takes a plate read from a camera: durable when answered, parsed afterwards",
  http: {
    method: "POST",
    path: "/api/lpr/events",
    access: "camera",
    status: 202,
    max_body_bytes: 16 * 1024 * 1024,
  },
  needs: ["sql", "outbox", "rawBody", "clock", "ids"],
  input: z.strictObject({}),
  output: LprReceipt,
  async handle(_input, { sql, outbox, rawBody, clock, ids, caller, correlation_id, address }) {
    const [cidade_id = ""] = caller.cities;
    const camera_id = caller.id;
    const body = readBody(rawBody.bytes);
    if (body.camera_id !== undefined && body.camera_id !== camera_id) {
      throw new AppError("invalid", "The key belongs to another camera", {
        reason: "camera_key.other_camera",
        errors: [{ path: "camera_id", code: "other_camera" }],
      });
    }
    const id = ids();
    await insertRawPost(sql, {
      cidade_id,
      id,
      camera_id,
      correlation_id,
      address,
      form: "gt-vision-json",
      content_type: rawBody.content_type,
      body: rawBody.bytes,
      received_at: clock(),
    });
    await outbox.add(LprPosted, { raw_post_id: id, cidade_id, camera_id }, { subject: camera_id });
    return { id: eventIdOf(camera_id, body), status: "accepted" as const };
  },
});
