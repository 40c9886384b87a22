/** Looks at a camera for an installer: what is wrong, or what it sends. Answers within 5 s. */
import type { ProbeResult } from "#functions/cidades/contract.ts";
import { NAL, nalType, parseSps } from "#lib/media/h264.ts";
import { AppError } from "#lib/errors.ts";
import { nalsOf } from "#lib/media/h264-pictures.ts";
import type { CameraCause } from "#lib/wire/agent.ts";
import type * as z from "zod";
import { openCamera } from "./rtsp/client.ts";
import { causeOf } from "./rtsp/camera-fault.ts";
import type { Networks } from "./rtsp/networks.ts";
import type { VideoDescription } from "./rtsp/sdp.ts";
import { streamTap, type Picture, type Tap } from "./stream-tap.ts";

const TOTAL_MS = 4700;
/** Before the end of all, which would be taken for the camera's. */
const LOOKED_MS = 4500;
/** From the first picture on: long enough for two key frames of most cameras. */
const LOOK_MS = 2600;

export type Looked = Omit<z.infer<typeof ProbeResult>, "id">;

export const probeCamera = async (url: string, networks: Networks, now: () => number): Promise<Looked> => {
  const limit = AbortSignal.timeout(TOTAL_MS);
  const looking = watching(now);
  const started = performance.now();
  try {
    const connection = await openCamera(
      { url, networks, onFrame: looking.tap.frame, onEnd: (cause) => looking.end(cause) },
      limit,
    );
    const left = (): number => LOOKED_MS - (performance.now() - started);
    // A camera that begins with its next key frame may let us wait for longer than the look takes.
    if (!looking.begun()) await looking.until(left());
    await looking.until(Math.min(LOOK_MS, left()));
    connection.close();
    return looking.result(connection.video);
  } catch (error) {
    return { ok: false, cause: limit.aborted ? "no_answer" : causeOf(error), found: codecOf(error) };
  }
};

/** A codec that is not read is all that is found. */
const codecOf = (error: unknown): Looked["found"] => {
  const codec = error instanceof AppError ? error.params["codec"] : undefined;
  if (typeof codec !== "string") return null;
  const unknown = { width: null, height: null, fps: null, key_frame_seconds: null, bits_per_second: null };
  return { codec, ...unknown, audio_codec: null };
};

const watching = (now: () => number) => {
  const pictures: Picture[] = [];
  let ended: CameraCause | null = null;
  let wake = (): void => undefined;
  const tap: Tap = streamTap({
    now,
    monotonic: () => performance.now(),
    onKeyFrame: () => undefined,
    onJump: () => undefined,
  });
  tap.attachViewer({
    picture(picture) {
      if (pictures.push(picture) === 1) wake();
    },
    idle: () => false,
  });
  return {
    tap,
    begun: (): boolean => pictures.length > 0,
    end(cause: CameraCause) {
      ended = cause;
      wake();
    },
    /** Or until the first picture, or the end. */
    until: (ms: number): Promise<void> =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, Math.max(0, ms));
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
        if (ended !== null) wake();
      }),
    result: (video: VideoDescription): Looked => {
      if (pictures.length === 0) return { ok: false, cause: ended ?? "silent", found: null };
      return { ok: true, cause: null, found: foundIn(pictures, video) };
    },
  };
};

const foundIn = (pictures: readonly Picture[], video: VideoDescription): Looked["found"] => {
  const nals = [...pictures.flatMap(({ avcc }) => nalsOf(avcc)), ...video.parameter_sets];
  const sps = nals.find((nal) => nalType(nal) === NAL.sps);
  const size = sps ? readSize(sps) : null;
  const all = pictures.map(({ ticks }) => ticks);
  const seconds = (Math.max(...all) - Math.min(...all)) / video.clock_rate;
  const keys = pictures.filter(({ key }) => key).map(({ ticks }) => ticks);
  const [first = 0] = keys;
  const bytes = pictures.reduce((sum, { avcc }) => sum + avcc.length, 0);
  return {
    codec: video.codec,
    width: size?.width ?? null,
    height: size?.height ?? null,
    fps: seconds > 0 ? Math.round(((pictures.length - 1) / seconds) * 10) / 10 : null,
    key_frame_seconds:
      keys.length < 2
        ? null
        : Math.round((((keys.at(-1) ?? 0) - first) / video.clock_rate / (keys.length - 1)) * 100) / 100,
    bits_per_second: seconds > 0 ? Math.round((bytes * 8) / seconds) : null,
    audio_codec: video.audio_codec,
  };
};

const readSize = (sps: Uint8Array): { width: number; height: number } | null => {
  try {
    return parseSps(sps);
  } catch {
    return null;
  }
};
