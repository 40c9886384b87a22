/** The simulated plate camera: posts each passage once, however often the server is away or its answer is lost. */
import { readFile } from "node:fs/promises";
import type { LprEventBody } from "#functions/ai/contract.ts";
import type { Log } from "#lib/log.ts";
import { pause } from "#lib/pause.ts";
import type { Passage } from "./city.ts";

export type PlateCameraOptions = {
  server: string;
  /** Of this run: loops are counted anew in each. */
  run_id: string;
  log: Log;
  fetch?: typeof fetch;
  /** First wait before posting again, doubled up to `longest_ms`. */
  first_ms?: number;
  longest_ms?: number;
};

export type Reading = { camera_id: string; key: string; passage: Passage; loop: number; at_ms: number };

export type PlateCamera = {
  /** Never blocks and never throws; the oldest waiting one is given up when too many wait. */
  passes(reading: Reading): void;
  waiting(): number;
  stop(): Promise<void>;
};

const MOST_WAITING = 500;
const ANSWER_WITHIN_MS = 15_000;

export const startPlateCamera = (options: PlateCameraOptions): PlateCamera => {
  const { log } = options;
  const queue: Reading[] = [];
  const naps = pause();
  const stopping = new AbortController();
  let working: Promise<void> | null = null;

  const work = async (): Promise<void> => {
    let wait = options.first_ms ?? 500;
    while (queue[0] && !stopping.signal.aborted) {
      const [reading] = queue;
      const outcome = await post(options, reading, stopping.signal);
      if (outcome.settled) {
        wait = options.first_ms ?? 500;
        // It may have been given up meanwhile.
        if (queue[0] === reading) queue.shift();
        if (outcome.refused !== null)
          log.warn("a passage was refused", { plate: reading.passage.plate, ...outcome.refused });
        continue;
      }
      log.debug("a passage waits for the server", { waiting: queue.length });
      if (stopping.signal.aborted) return;
      await naps.nap(Math.max(outcome.retry_after_ms, wait * (0.75 + Math.random() / 4)));
      wait = Math.min(wait * 2, options.longest_ms ?? 15_000);
    }
  };

  return {
    passes(reading) {
      if (stopping.signal.aborted) return;
      queue.push(reading);
      if (queue.length > MOST_WAITING) {
        queue.shift();
        log.warn("a passage was given up: too many wait for the server", { waiting: queue.length });
      }
      working ??= work().finally(() => (working = null));
    },
    waiting: () => queue.length,
    async stop() {
      stopping.abort();
      naps.wakeAll();
      await working;
    },
  };
};

type Outcome =
  | { settled: true; refused: { status: number; body: string } | null }
  | { settled: false; retry_after_ms: number };

const post = async (options: PlateCameraOptions, reading: Reading, signal: AbortSignal): Promise<Outcome> => {
  const id = `${options.run_id}:${reading.loop}:${reading.passage.frame}`;
  try {
    const response = await (options.fetch ?? fetch)(`${options.server}/api/lpr/events`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        authorization: `Bearer ${reading.key}`,
        "idempotency-key": id,
      },
      body: JSON.stringify(await bodyOf(id, reading)),
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]),
    });
    const body = await response.text();
    if (response.ok) return { settled: true, refused: null };
    const retry_after = response.headers.get("retry-after");
    if (response.status >= 500 || retry_after !== null) {
      return { settled: false, retry_after_ms: (Number(retry_after) || 0) * 1000 };
    }
    return { settled: true, refused: { status: response.status, body: body.slice(0, 500) } };
  } catch {
    // Nobody there, or no answer in time: whether it arrived is not known, and the key makes posting again harmless.
    return { settled: false, retry_after_ms: 0 };
  }
};

const bodyOf = async (event_id: string, { camera_id, passage, at_ms }: Reading): Promise<LprEventBody> => ({
  event_id,
  camera_id,
  plate: passage.plate,
  confidence: passage.confidence,
  detected_at: new Date(at_ms).toISOString(),
  direction: passage.direction,
  vehicle: passage.vehicle,
  image: await readFile(passage.image_file, "base64"),
  plate_image: await readFile(passage.plate_image_file, "base64"),
});
