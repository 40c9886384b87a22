/**
 * Reads plates where the camera is, as `read-plates` does at the centre, and sends what was read instead of key frames. It takes
 * the place of who sends key frames, and hands them on to it whenever nothing can be read here: nobody stays unread for its sake.
 */
import { AppError } from "#lib/errors.ts";
import { connectFrames } from "#lib/frames/connect.ts";
import { MAX_TRIES, type Frame, type HeldFrame } from "#lib/frames/frames.ts";
import { uuidv7 } from "#lib/ids.ts";
import type { Log } from "#lib/log.ts";
import { lookAtFrame, type Looked } from "#lib/vision/look-at-frame.ts";
import type { Sight } from "#lib/vision/sight.ts";
import { MOST_PASSERS, MOST_PLATES, sitePlateOf } from "#lib/wire/site-looks.ts";
import { counted } from "../counted.ts";
import type { KeyFrame, KeyFrames } from "../key-frame-sender.ts";
import { lookPictures, noPictures } from "./look-pictures.ts";
import type { LooksSender } from "./looks-sender.ts";
import type { Trust } from "./trust.ts";

const READER = "site";
/** As at the centre: others wait for a decoder or for the networks meanwhile. */
const PARALLEL = 4;
const LOOK_MS = 60_000;
const MOST_BYTES = 64 * 1024 * 1024;
/** The server keeps a small picture of each ten seconds of a camera. */
const PICTURE_EVERY_MS = 10_000;

export type SiteReaderNeeds = {
  cidade_id: string;
  /** Whole frames, to the server. */
  frames: KeyFrames;
  looks: LooksSender;
  trust: Trust;
  /** Networks take seconds to load; frames wait for them. */
  sight: Promise<Sight>;
  now: () => number;
  log: Log;
};

export type SiteReader = KeyFrames & { stop(): Promise<void> };

export const openSiteReader = async (needs: SiteReaderNeeds): Promise<SiteReader> => {
  const { frames, looks, trust, log } = needs;
  const queue = await connectFrames("memory:", { consumers: [READER], max_bytes: MOST_BYTES });
  const pictureIsDue = everySlot();
  const unread = counted();
  const reading = readingOf(needs, (camera_id) => unread.add(camera_id));
  const begun = needs.sight
    .then(async (sight) => {
      const state = sight.vision.state();
      if (state.state === "ready")
        await queue.consume(READER, PARALLEL, (held) => reading.read(sight, state.version, held));
      else trust.lose(state.reason, true);
    })
    .catch((error: unknown) => trust.lose(String(error), true));
  const enqueue = (frame: KeyFrame): void => {
    queue.offer(frameOf(frame, needs)).then(
      (isFirst) => (isFirst ? undefined : unread.add(frame.camera_id)),
      (error: unknown) => {
        unread.add(frame.camera_id);
        log.debug("key frame lost", { camera_id: frame.camera_id, error });
      },
    );
  };
  return {
    offer(frame) {
      if (!trust.holds()) return frames.offer(frame);
      if (pictureIsDue(frame)) frames.offer({ ...frame, read_at_site: true });
      enqueue(frame);
    },
    lost: (camera_id) => frames.lost(camera_id) + looks.lost(camera_id) + unread.of(camera_id),
    sent: frames.sent,
    async stop() {
      reading.stop();
      await begun;
      await queue.close();
      await needs.sight.then((sight) => sight.close()).catch(() => undefined);
    },
  };
};

const frameOf = ({ camera_id, bytes, captured_at_ms }: KeyFrame, { cidade_id, now }: SiteReaderNeeds): Frame => {
  const id = uuidv7(now());
  const captured_at = new Date(captured_at_ms);
  return { id, cidade_id, camera_id, captured_at, format: "h264", bytes, correlation_id: id };
};

/** The first of a camera in each slot, so that none stays without. */
const everySlot = (): ((frame: KeyFrame) => boolean) => {
  const slots = new Map<string, number>();
  return ({ camera_id, captured_at_ms }) => {
    const slot = Math.floor(captured_at_ms / PICTURE_EVERY_MS);
    if (slots.get(camera_id) === slot) return false;
    slots.set(camera_id, slot);
    return true;
  };
};

const readingOf = ({ looks, trust, log }: SiteReaderNeeds, lost: (camera_id: string) => void) => {
  /** What is wrong with a camera's frames is named once, until one can be read. */
  const named = new Map<string, string>();
  let stopped = false;
  const failed = (frame: Frame, attempt: number, error: unknown): void => {
    if (stopped || attempt < MAX_TRIES) return;
    lost(frame.camera_id);
    const isNoPicture = error instanceof AppError && error.code === "invalid";
    if (!isNoPicture) trust.failed(error);
    const reason = (error instanceof AppError && error.reason) || String(error);
    if (named.get(frame.camera_id) === reason) return;
    named.set(frame.camera_id, reason);
    log.warn("key frame cannot be read", { camera_id: frame.camera_id, frame_id: frame.id, attempt, reason });
  };
  return {
    stop: () => void (stopped = true),
    /** A throw counts as one of the frame's tries. */
    async read(sight: Sight, version: string, { frame, attempt }: HeldFrame): Promise<void> {
      try {
        const looked = await lookAtFrame(frame, { ...sight, attempt, signal: AbortSignal.timeout(LOOK_MS) });
        named.delete(frame.camera_id);
        if (looked?.unchanged === false) trust.succeeded();
        if (looked !== null) offerLooks(looks, sight, frame, version, looked);
      } catch (error) {
        failed(frame, attempt, error);
        throw error;
      }
    },
  };
};

const offerLooks = (looks: LooksSender, { pictures }: Sight, frame: Frame, reader_version: string, seen: Looked) => {
  const { picture, passers } = seen;
  const plates = seen.plates.slice(0, MOST_PLATES);
  if (plates.length === 0 && passers.length === 0) return;
  looks.offer({
    looks: {
      frame_id: frame.id,
      camera_id: frame.camera_id,
      captured_at: frame.captured_at.toISOString(),
      reader_version,
      picture: { width: picture.width, height: picture.height },
      plates: plates.map(sitePlateOf),
      carriers: seen.carriers?.slice(0, MOST_PLATES) ?? null,
      passers: passers.slice(0, MOST_PASSERS).map(({ first_at, last_at, ...passer }) => ({
        ...passer,
        first_at: first_at.toISOString(),
        last_at: last_at.toISOString(),
      })),
    },
    pictures:
      plates.length === 0
        ? noPictures
        : lookPictures(
            pictures,
            picture,
            plates.map(({ box }) => box),
          ),
  });
};
