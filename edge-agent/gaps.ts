/**
 * Holes of recordings: from the end of what was kept to the beginning of what is kept next. Told with the reason as soon as they
 * are known, again when they end; a hole that nobody gave a reason for is the agent's own (it was not running).
 */
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import type { GapCause, NewSegment } from "#functions/streaming/contract.ts";
import type { Log } from "#lib/log.ts";
import { readJson } from "./spool-files.ts";
import type { Spool } from "./spool.ts";

/** Shorter ones are the seam between two files, which a timeline does not show either. */
const SHORTEST_MS = 1000;
const FORGET_MS = 31 * 24 * 3_600_000;
const FILE = "ends.json";

type Reason = { cause: z.infer<typeof GapCause>; detail: string | null };
type End = {
  camera_id: string;
  ends_at: number;
  reason: Reason | null;
  told: string | null;
  open: boolean;
  before: boolean;
};

export type Gaps = {
  /** Nothing is recorded from now on, for this reason; the last word counts. */
  interrupted(recording: { camera_id: string; recording_id: string }, reason: Reason): void;
  /** Recording goes on; whether there was a hole is known with the first segment. */
  resumed(recording_id: string): void;
  kept(segment: NewSegment): void;
  /** Nobody wants this recording any more: what is open of it ends here. */
  over(recording_id: string): void;
  /** To be called now and then: tells holes that are still open. */
  look(): void;
  /** Resolves when everything told is in the spool. */
  settled(): Promise<void>;
};

const Stored = z.record(z.uuid(), z.object({ camera_id: z.uuid(), ends_at: z.number() }));

export const openGaps = async (spool: Pick<Spool, "dir" | "keepGap">, now: () => number, log: Log): Promise<Gaps> => {
  const started = now();
  const ends = await readEnds(spool.dir, started);
  const { write, tell, settled } = telling(spool, log);
  return {
    settled,
    interrupted({ camera_id, recording_id }, reason) {
      const begun = { camera_id, ends_at: now(), reason, told: null, open: true, before: false };
      const end = ends.get(recording_id) ?? begun;
      ends.set(recording_id, end);
      end.reason = reason;
      end.open = true;
      if (!end.before) return;
      // Until this agent ran, nobody can say how the camera was.
      end.before = false;
      if (isLong(end.ends_at, started)) tell(recording_id, end, started, byAgent);
      end.ends_at = Math.max(end.ends_at, started);
    },
    resumed(recording_id) {
      const end = ends.get(recording_id);
      if (end) end.open = false;
    },
    kept(segment) {
      const { recording_id, camera_id } = segment;
      const [begins, ends_at] = [Date.parse(segment.captured_at), Date.parse(segment.wall_end)];
      const last = ends.get(recording_id);
      // Adopted late: what came after it is known already.
      if (last && ends_at <= last.ends_at) return;
      if (last && (last.told !== null || isLong(last.ends_at, begins))) {
        tell(recording_id, last, Math.max(begins, last.ends_at), last.reason ?? byAgent);
      }
      ends.set(recording_id, { camera_id, ends_at, reason: null, told: null, open: false, before: false });
      write(() => writeEnds(spool.dir, ends));
    },
    look() {
      for (const [recording_id, end] of ends) {
        const words = end.reason && `${end.reason.cause} ${end.reason.detail}`;
        if (!end.open || !end.reason || words === end.told || !isLong(end.ends_at, now())) continue;
        end.told = words;
        tell(recording_id, end, null, end.reason);
      }
    },
    over(recording_id) {
      const end = ends.get(recording_id);
      if (end?.told && end.reason) tell(recording_id, end, Math.max(now(), end.ends_at), end.reason);
      ends.delete(recording_id);
      write(() => writeEnds(spool.dir, ends));
    },
  };
};

const isLong = (from: number, to: number): boolean => to - from >= SHORTEST_MS;

/** One after the other into the spool; the same hole, open and closed, is two reports with one beginning. */
const telling = (spool: Pick<Spool, "keepGap">, log: Log) => {
  let writing: Promise<unknown> = Promise.resolve();
  const write = (work: () => Promise<unknown>): void => {
    writing = writing.then(work).catch((error: unknown) => log.warn("gap not kept", { error }));
  };
  return {
    write,
    settled: async () => void (await writing),
    tell(recording_id: string, end: End, ends_at: number | null, { cause, detail }: Reason): void {
      const gap = {
        camera_id: end.camera_id,
        starts_at: new Date(end.ends_at).toISOString(),
        ends_at: ends_at === null ? null : new Date(ends_at).toISOString(),
        cause,
        detail,
      };
      const id = `${recording_id}-${Math.round(end.ends_at)}-${ends_at === null ? "open" : "closed"}`;
      write(() => spool.keepGap(id, gap));
    },
  };
};

const byAgent: Reason = { cause: "agent", detail: null };

/** A hint, not a record: what a cut of the power takes of it makes one hole go without its reason. */
const writeEnds = async (dir: string, ends: ReadonlyMap<string, End>): Promise<void> => {
  const stored = Object.fromEntries([...ends].map(([id, { camera_id, ends_at }]) => [id, { camera_id, ends_at }]));
  await writeFile(join(dir, `${FILE}.new`), JSON.stringify(stored), { mode: 0o600 });
  await rename(join(dir, `${FILE}.new`), join(dir, FILE));
};

const readEnds = async (dir: string, now: number): Promise<Map<string, End>> => {
  const stored = (await readJson(join(dir, FILE), Stored)) ?? {};
  const recent = Object.entries(stored).filter(([, { ends_at }]) => now - ends_at <= FORGET_MS);
  const fresh = { reason: null, told: null, open: false, before: true };
  return new Map(recent.map(([recording_id, end]) => [recording_id, { ...end, ...fresh }]));
};
