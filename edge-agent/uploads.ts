/** From the journal into the store: signed addresses, bytes, a report, and only after its receipt the local file goes. */
import { createHash } from "node:crypto";
import { createReadStream, existsSync, openAsBlob } from "node:fs";
import { pipeline } from "node:stream/promises";
import { Nothing, SegmentReceipt, UploadAnswer } from "#functions/streaming/contract.ts";
import { AppError } from "#lib/errors.ts";
import { pause } from "#lib/pause.ts";
import type { Log } from "#lib/log.ts";
import { backOff } from "./back-off.ts";
import type { Server } from "./server-client.ts";
import { nameOf } from "./spool-files.ts";
import type { Spool, Waiting } from "./spool.ts";

const AT_ONCE = 20;
const LOOK_AGAIN_MS = 10_000;
/** One that failed by itself lets the others pass for so long. */
const LATER_MS = 60_000;
/** Asking again would change nothing: the segment is put aside, with its bytes. */
const lasting = new Set(["unknown_camera", "unknown_recording", "wrong_bytes", "name_taken"]);
/** A store may say once that a name is taken because two were at it at the same time. */
const TAKEN_TIMES = 3;

export type UploadNeeds = { spool: Spool; server: Pick<Server, "call" | "put">; log: Log };
export type Uploads = { wake(): void; stop(): Promise<void> };

export const startUploads = (needs: UploadNeeds): Uploads => {
  const { spool, server, log } = needs;
  const naps = pause();
  const retry = backOff({ first_ms: 1000, longest_ms: 30_000, breaker_ms: 30_000 });
  const round = uploadRounds(needs);
  let stopping = false;
  let woken = false;
  const loop = async (): Promise<void> => {
    while (!stopping) {
      woken = false;
      try {
        const more = await round(() => stopping);
        await reportGaps(spool, server, log);
        retry.healthy();
        if (!more && !woken && !stopping) await naps.nap(LOOK_AGAIN_MS);
      } catch (error) {
        log.warn("upload failed", { error });
        if (!stopping) await naps.nap(retry.failed());
      }
    }
  };
  const running = loop();
  return {
    wake() {
      woken = true;
      naps.wakeAll();
    },
    async stop() {
      stopping = true;
      naps.wakeAll();
      await running;
    },
  };
};

/** Each call takes what is oldest; answers whether there was anything to do. Throws when the server cannot be had. */
export const uploadRounds = (
  needs: UploadNeeds,
  monotonic: () => number = () => performance.now(),
): ((stopping?: () => boolean) => Promise<boolean>) => {
  const later = new Map<string, number>();
  const taken = new Map<string, number>();
  return async (stopping = () => false) => {
    for (const [name, at] of later) if (at <= monotonic()) later.delete(name);
    const waiting = await needs.spool.waiting(AT_ONCE, new Set(later.keys()));
    if (waiting.length === 0) return false;
    const round: Round = {
      stopping,
      postpone: ({ segment }) => void later.set(nameOf(segment), monotonic() + LATER_MS),
      takenTimes(name) {
        taken.set(name, (taken.get(name) ?? 0) + 1);
        return taken.get(name) ?? 0;
      },
      forget: (name) => void taken.delete(name),
    };
    try {
      await upload(needs, waiting, round);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      // One of them is refused as it is: which, shows when each goes by itself.
      for (const one of waiting) {
        await upload(needs, [one], round).catch((refusal: unknown) => {
          if (!isRefusal(refusal)) throw refusal;
          needs.log.warn("segment refused", { camera_id: one.segment.camera_id, error: refusal });
          round.postpone(one);
        });
      }
    }
    return true;
  };
};

type Round = {
  stopping(): boolean;
  postpone(one: Waiting): void;
  /** How often the store has said so of this one, this time included. */
  takenTimes(name: string): number;
  forget(name: string): void;
};

const isRefusal = (error: unknown): boolean => error instanceof AppError && error.code === "invalid";

const upload = async (needs: UploadNeeds, waiting: readonly Waiting[], round: Round): Promise<void> => {
  const { spool, server } = needs;
  const asked = waiting.map(({ segment: { id, camera_id, bytes, sha256, boot_id, sequence } }) => ({
    id,
    camera_id,
    bytes,
    sha256,
    boot_id,
    sequence,
  }));
  const path = "/api/agents/segments/uploads";
  const { uploads, ...answered } = await server.call("POST", path, { segments: asked }, UploadAnswer);
  const notWanted = new Map(answered.refused.map(({ id, reason }) => [id, reason]));
  const stored: Waiting[] = [];
  const taken = new Set<Waiting>();
  for (const one of waiting) {
    if (round.stopping()) return;
    const reason = notWanted.get(one.segment.id);
    if (reason !== undefined) {
      await refused(needs, one, reason, round);
      continue;
    }
    const address = uploads.find(({ id }) => id === one.segment.id);
    const answer = address?.url ? await put(needs, address.url, address.headers, one) : "stored";
    if (answer === "taken") taken.add(one);
    if (answer === "refused") round.postpone(one);
    else if (answer === "damaged") await putAside(needs, one, answer);
    else stored.push(one);
  }
  if (stored.length === 0) return;
  const segments = stored.map(({ segment }) => segment);
  const receipt = await server.call("POST", "/api/agents/segments", { segments }, SegmentReceipt);
  const reasons = new Map(receipt.refused.map(({ id, reason }) => [id, reason]));
  for (const one of stored) {
    const name = nameOf(one.segment);
    if (receipt.accepted.includes(one.segment.id)) {
      round.forget(name);
      await spool.confirmed(one.segment);
      continue;
    }
    const isTaken = taken.has(one) && round.takenTimes(name) >= TAKEN_TIMES;
    await refused(needs, one, isTaken ? "name_taken" : reasons.get(one.segment.id), round);
  }
};

const refused = async (needs: UploadNeeds, one: Waiting, reason: string | undefined, round: Round): Promise<void> => {
  const { camera_id } = one.segment;
  const name = nameOf(one.segment);
  if (reason !== undefined && lasting.has(reason)) {
    round.forget(name);
    return putAside(needs, one, reason);
  }
  needs.log.warn("segment not taken yet", { camera_id, name, reason });
  round.postpone(one);
};

/** Kept here for a while, and stated: in the recording there is a hole. */
const putAside = async ({ spool, log }: UploadNeeds, { segment }: Waiting, reason: string): Promise<void> => {
  const { camera_id, captured_at: starts_at, wall_end: ends_at } = segment;
  const name = nameOf(segment);
  log.warn("segment put aside", { camera_id, name, reason });
  await spool.keepGap(`refused-${name}`, { camera_id, starts_at, ends_at, cause: "agent", detail: reason });
  await spool.refused(segment, reason);
};

/** `refused`: the store does not want this one. `damaged`: nor would anybody, it is no longer what was recorded. */
const put = async (
  { server, log }: UploadNeeds,
  url: string,
  headers: Record<string, string>,
  { segment, file }: Waiting,
): Promise<"stored" | "taken" | "refused" | "damaged"> => {
  try {
    // As a blob it is read piece by piece, and its length is still known beforehand.
    return await server.put(url, headers, await openAsBlob(file));
  } catch (error) {
    const isGone = !existsSync(file);
    if (!isRefusal(error) && !isGone) throw error;
    log.warn("segment not stored", { camera_id: segment.camera_id, error });
    return isGone || (await hashOf(file)) !== segment.sha256 ? "damaged" : "refused";
  }
};

const hashOf = async (file: string): Promise<string> => {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
};

export const reportGaps = async (spool: Spool, server: Pick<Server, "call">, log: Log): Promise<void> => {
  const gaps = await spool.gaps();
  if (gaps.length === 0) return;
  try {
    await server.call("POST", "/api/agents/gaps", { gaps: gaps.map(({ gap }) => gap) }, Nothing);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    log.warn("gaps refused", { error, gaps: gaps.length });
  }
  for (const { id } of gaps) await spool.forgetGap(id);
};
