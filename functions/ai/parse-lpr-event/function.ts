import { AppError } from "#lib/errors.ts";
import { queue } from "#lib/function/define.ts";
import type { ObjectStore } from "#lib/object-store/object-store.ts";
import { believedTime, oldestDayOfReads } from "../capture-times.ts";
import { LprDetected, LprPosted, type LprEventBody } from "../contract.ts";
import { eventIdOf, readBody } from "../gt-vision-json.ts";
import { readPicture, type Picture } from "../pictures.ts";
import { insertRead, type NewPlateRead } from "../plate-reads.ts";
import { normalise } from "../plates.ts";
import { lockCamera } from "../passage-rows.ts";
import { sightingOf } from "../sightings.ts";
import { deleteRawPost, findRawPost, type RawPost } from "../raw-posts.ts";

/** Somebody who is slow with one camera holds up its reads, which come again, and not those of all that wait behind them. */
const CAMERA_BUSY_MS = 250;

export const parseLprEvent = queue({
  name: "parse-lpr-event",
  summary: "Turns a posted plate read into an event with its pictures",
  queue: { event: LprPosted, parallel: 4 },
  needs: ["transaction", "objects"],
  async handle({ raw_post_id, cidade_id }, { transaction, objects }) {
    const found = await transaction(async ({ sql }) => {
      const post = await findRawPost(sql, cidade_id, raw_post_id);
      return post && { post, oldest: await oldestDayOfReads(sql) };
    });
    if (!found) return;
    const { post, oldest } = found;
    const read = await readPost(objects, post, oldest);
    await transaction(async ({ sql, outbox, once }) => {
      if (!(await once())) return;
      await sql`select set_config('lock_timeout', ${`${CAMERA_BUSY_MS}ms`}, true)`;
      await lockCamera(sql, read);
      await sql`set local lock_timeout to default`;
      if (await insertRead(sql, { ...read, sighting_id: await sightingOf(sql, read) })) {
        const { id: event_id, camera_id, plate, confidence, captured_at, source } = read;
        const data = {
          event_id,
          cidade_id,
          camera_id,
          plate,
          confidence,
          source,
          captured_at: captured_at.toISOString(),
        };
        await outbox.add(LprDetected, data, { subject: camera_id, partition_key: camera_id });
      }
      await deleteRawPost(sql, cidade_id, raw_post_id);
    });
  },
});

const readPost = async (objects: ObjectStore, post: RawPost, oldest: Date): Promise<NewPlateRead> => {
  const { cidade_id, camera_id, received_at } = post;
  const body = readBody(post.body);
  const id = eventIdOf(camera_id, body);
  const scene = readPicture(body.image);
  const plate = readPicture(body.plate_image);
  const time = believedTime(new Date(body.detected_at), received_at, oldest);
  const folder = `${cidade_id}/${camera_id}/${time.captured_at.toISOString().slice(0, 10)}/${id}`;
  return {
    id,
    cidade_id,
    camera_id,
    received_at,
    ...time,
    ...meaningOf(body),
    source: "camera",
    source_event_id: body.event_id ?? null,
    sighting_id: id,
    needs_review: false,
    image_problem: scene.problem ?? (plate.problem === "none" ? null : plate.problem),
    image_url: await store(objects, `${folder}-scene`, scene),
    plate_image_url: await store(objects, `${folder}-plate`, plate),
  };
};

const meaningOf = (body: LprEventBody) => ({
  plate: body.plate ? normalise(body.plate) : null,
  plate_raw: body.plate ?? null,
  confidence: body.confidence ?? null,
  alternatives: body.alternatives ?? null,
  direction: body.direction ?? null,
  vehicle: body.vehicle ? { type: body.vehicle.type ?? null, color: body.vehicle.color ?? null } : null,
});

/** Answers the key. The first picture of a read stays: a second post of it may carry other bytes. */
const store = async (objects: ObjectStore, name: string, picture: Picture): Promise<string | null> => {
  if (picture.bytes === null) return null;
  const key = `${name}.${picture.extension}`;
  await objects
    .put("lpr-images", key, picture.bytes, { content_type: picture.content_type })
    .catch((error: unknown) => {
      if (!(error instanceof AppError) || error.code !== "conflict") throw error;
    });
  return key;
};
