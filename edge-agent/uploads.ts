/** From the journal into the store: signed addresses, bytes, a report, and only after its receipt the local file goes. */
import { readFile } from "node:fs/promises";
import { Nothing, SegmentReceipt, UploadAnswer, type NewSegment } from "#functions/streaming/contract.ts";
import { pause } from "#lib/pause.ts";
import type { Log } from "#lib/log.ts";
import { backOff } from "./back-off.ts";
import type { Server } from "./server.ts";
import type { Spool } from "./spool.ts";

const AT_ONCE = 20;
const LOOK_AGAIN_MS = 10_000;
/** The server may come to know a recording later than its first segment; after this it never will. */
const lasting = new Set(["unknown_recording"]);

export type Uploads = { wake(): void; stop(): Promise<void> };

export const startUploads = (spool: Spool, server: Pick<Server, "call" | "put">, log: Log): Uploads => {
  const naps = pause();
  const retry = backOff({ first_ms: 1000, longest_ms: 30_000, breaker_ms: 30_000 });
  let stopping = false;
  let woken = false;
  const loop = async (): Promise<void> => {
    while (!stopping) {
      woken = false;
      try {
        const more = await uploadSome(spool, server, log);
        await reportGaps(spool, server);
        retry.healthy();
        if (!more && !woken) await naps.nap(LOOK_AGAIN_MS);
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

/** Answers whether there was anything to do. */
export const uploadSome = async (spool: Spool, server: Pick<Server, "call" | "put">, log: Log): Promise<boolean> => {
  const waiting = await spool.waiting(AT_ONCE);
  if (waiting.length === 0) return false;
  const asked = waiting.map(({ segment: { id, camera_id, bytes, sha256, boot_id, sequence } }) => ({
    id,
    camera_id,
    bytes,
    sha256,
    boot_id,
    sequence,
  }));
  const { uploads } = await server.call("POST", "/api/agents/segments/uploads", { segments: asked }, UploadAnswer);
  for (const { segment, file } of waiting) {
    const upload = uploads.find(({ id }) => id === segment.id);
    if (upload?.url) await server.put(upload.url, upload.headers, await readFile(file));
  }
  const segments = waiting.map(({ segment }) => segment);
  const receipt = await server.call("POST", "/api/agents/segments", { segments }, SegmentReceipt);
  await settle(spool, segments, receipt, log);
  return true;
};

const settle = async (
  spool: Spool,
  segments: readonly NewSegment[],
  receipt: { accepted: string[]; refused: { id: string; reason: string }[] },
  log: Log,
): Promise<void> => {
  for (const segment of segments) {
    if (receipt.accepted.includes(segment.id)) await spool.confirmed(segment);
    const refused = receipt.refused.find(({ id }) => id === segment.id);
    if (!refused) continue;
    log.warn("segment refused", { camera_id: segment.camera_id, reason: refused.reason });
    if (lasting.has(refused.reason)) await spool.refused(segment, refused.reason);
  }
};

const reportGaps = async (spool: Spool, server: Pick<Server, "call">): Promise<void> => {
  const gaps = await spool.gaps();
  if (gaps.length === 0) return;
  await server.call("POST", "/api/agents/gaps", { gaps: gaps.map(({ gap }) => gap) }, Nothing);
  for (const { id } of gaps) await spool.forgetGap(id);
};
