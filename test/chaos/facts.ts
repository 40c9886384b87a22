/** What is there after a run: rows, queues, objects. `observe.ts` reads them, `check.ts` judges them. */
import type { Bucket } from "#lib/object-store/object-store.ts";

export type Read = {
  id: string;
  cidade_id: string;
  camera_id: string;
  source_event_id: string | null;
  plate: string | null;
  captured_ms: number;
};
export type Entry = { id: string; cidade_id: string; reason: string; plate: string; removed: boolean };
export type Alert = { id: string; entry_id: string; event_id: string; status: string };
export type Clip = { id: string; nome: string | null; status: string; failure: string | null };
export type Segment = {
  camera_id: string;
  boot_id: string;
  sequence: number;
  sha256: string;
  starts_ms: number;
  ends_ms: number;
};
export type Gap = { camera_id: string; starts_ms: number; ends_ms: number };

/** A row says that these bytes are there. */
export type Promised = { bucket: Bucket; key: string; bytes: number | null; sha256: string | null };
/** These are there, counted and hashed from what was read. */
export type Stored = { bucket: Bucket; key: string; bytes: number; sha256: string };

/** `about`: what happened to whom, e.g. an alert's id. */
export type Sent = { id: string; type: string; about: string; published: boolean; refused: boolean };
export type Queue = {
  name: string;
  type: string;
  /** It writes what it has done into the inbox. */
  remembers: boolean;
  pending: number;
  dead: { event_id: string; reason: string }[];
};

export type Facts = {
  /** Of the run, by this machine's clock. */
  began_ms: number;
  ended_ms: number;
  /** Files that agents could not hand in. */
  unsent: string[];
  reads: Read[];
  raw_posts: number;
  entries: Entry[];
  alerts: Alert[];
  clips: Clip[];
  segments: Segment[];
  gaps: Gap[];
  promised: Promised[];
  stored: Stored[];
  outbox: Sent[];
  /** `<message> <function>` of what was done. */
  inbox: string[];
  queues: Queue[];
};
