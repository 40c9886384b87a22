/** From the journal into the store: signed addresses, bytes, a report, and only after its receipt the local file goes. */
import { openAsBlob } from "node:fs";
import { Nothing, SegmentReceipt, UploadAnswer } from "#functions/streaming/contract.ts";
import { AppError } from "#lib/errors.ts";
import { pause } from "#lib/pause.ts";
import type { Log } from "#lib/log.ts";
import { backOff } from "./back-off.ts";
import type { Server } from "./server.ts";
import { nameOf } from "./spool-files.ts";
import type { Spool, Waiting } from "./spool.ts";

const AT_ONCE = 20;
const LOOK_AGAIN_MS = 10_000;
/** One that failed by itself lets the others pass for so long. */
const LATER_MS = 60_000;
/** Asking again would change nothing: the segment is put aside, with its bytes. */
const lasting = new Set(["unknown_recording", "wrong_bytes"]);

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
  return async (stopping = () => false) => {
    for (const [name, at] of later) if (at <= monotonic()) later.delete(name);
    const waiting = await needs.spool.waiting(AT_ONCE, new Set(later.keys()));
    if (waiting.length === 0) return false;
    const postpone = ({ segment }: Waiting): void => void later.set(nameOf(segment), monotonic() + LATER_MS);
    try {
      await upload(needs, waiting, postpone, stopping);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      // One of them is refused as it is: which, shows when each goes by itself.
      for (const one of waiting) {
        await upload(needs, [one], postpone, stopping).catch((refusal: unknown) => {
          if (!isRefusal(refusal)) throw refusal;
          needs.log.warn("segment refused", { camera_id: one.segment.camera_id, error: refusal });
          postpone(one);
        });
      }
    }
    return true;
  };
};

const isRefusal = (error: unknown): boolean => error instanceof AppError && error.code === "invalid";

const upload = async (
  { spool, server, log }: UploadNeeds,
  waiting: readonly Waiting[],
  postpone: (one: Waiting) => void,
  stopping: () => boolean,
): Promise<void> => {
  const asked = waiting.map(({ segment: { id, camera_id, bytes, sha256, boot_id, sequence } }) => ({
    id,
    camera_id,
    bytes,
    sha256,
    boot_id,
    sequence,
  }));
  const { uploads } = await server.call("POST", "/api/agents/segments/uploads", { segments: asked }, UploadAnswer);
  const stored: Waiting[] = [];
  for (const one of waiting) {
    if (stopping()) return;
    const address = uploads.find(({ id }) => id === one.segment.id);
    if (address?.url && !(await put(server, address.url, address.headers, one, log))) postpone(one);
    else stored.push(one);
  }
  if (stored.length === 0) return;
  const segments = stored.map(({ segment }) => segment);
  const receipt = await server.call("POST", "/api/agents/segments", { segments }, SegmentReceipt);
  const refused = new Map(receipt.refused.map(({ id, reason }) => [id, reason]));
  for (const one of stored) {
    const reason = refused.get(one.segment.id);
    if (receipt.accepted.includes(one.segment.id)) await spool.confirmed(one.segment);
    else if (reason !== undefined && lasting.has(reason)) await spool.refused(one.segment, reason);
    else postpone(one);
    if (reason !== undefined) log.warn("segment refused", { camera_id: one.segment.camera_id, reason });
  }
};

/** `false`: the store does not want this one. */
const put = async (
  server: Pick<Server, "put">,
  url: string,
  headers: Record<string, string>,
  { segment, file }: Waiting,
  log: Log,
): Promise<boolean> => {
  try {
    // As a blob it is read piece by piece, and its length is still known beforehand.
    await server.put(url, headers, await openAsBlob(file));
    return true;
  } catch (error) {
    if (!isRefusal(error)) throw error;
    log.warn("segment not stored", { camera_id: segment.camera_id, error });
    return false;
  }
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
