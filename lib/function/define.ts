/** What a function is: one use case as a value. Everything else (routes, documents, manifests) is derived from it. */
import type * as z from "zod";
import type { TransactionSql } from "postgres";
import type { Cache } from "#lib/cache/cache.ts";
import type { EventType } from "#lib/events.ts";
import type { Frame } from "#lib/frames/frames.ts";
import type { ObjectStore } from "#lib/object-store/object-store.ts";
import type { Permission } from "#lib/function/permissions.ts";
import type { Keys } from "#lib/secrets/keys.ts";
import type { Pictures } from "#lib/vision/sight.ts";
import type { Vision } from "#lib/vision/vision.ts";

export type Outbox = {
  /** Parses `data` and writes the event into this transaction. `subject` and `partition_key` default to none. */
  add<T extends z.ZodObject>(
    event: EventType<T>,
    data: z.input<T>,
    about?: { cidade_id?: string; subject?: string; partition_key?: string },
  ): Promise<void>;
};

export type Audit = {
  /** What was done, for the row that the host writes in this transaction. Never a secret. */
  note(entry: {
    object_type: string;
    object_id: string;
    cidade_id?: string;
    purpose?: string;
    details?: Record<string, unknown>;
  }): void;
};

export type Tx = { sql: TransactionSql; outbox: Outbox };

/** All that can be lent to a call; a function names what it takes. */
export type Grants = Tx & {
  /**
   * For work longer than a transaction may last (HTTP, FFmpeg, objects): each call is its own tenant transaction.
   * `once()` claims the message, or the frame, in it: `false` means that its effect is already there.
   */
  transaction: <R>(work: (tx: Tx & { once(): Promise<boolean> }) => Promise<R>) => Promise<R>;
  objects: ObjectStore;
  cache: Cache;
  keys: Keys;
  /** Plates in pictures. Opened by the process, and shared by all its calls. */
  vision: Vision;
  /** What cameras send → pixels, and pixels → JPEG. */
  pictures: Pictures;
  audit: Audit;
  clock: () => Date;
  /** UUIDv7 */
  ids: () => string;
  rawBody: { bytes: Uint8Array; content_type: string };
  /** Headers of the request and the one of the answer that a function may set. For sign-in and refresh only. */
  cookies: { get(name: string): string | undefined; set(name: string, value: string, options: CookieOptions): void };
};
export type CookieOptions = { path: string; max_age_seconds: number };

/** What somebody holds where. `cidade_id: null`: in every city. */
export type CityGrant = { cidade_id: string | null; permissions: readonly string[] };

export type Caller = {
  kind: "anyone" | "user" | "agent" | "camera" | "system";
  id: string;
  cities: readonly string[] | "all";
  permissions: readonly string[];
  /** Of a user. `cities` is those in which the permission that the function asks for holds. */
  grants?: readonly CityGrant[];
  /** The session of a user, so that sign-out and `sv` checks find it. */
  session_id?: string;
};

export type GrantName = keyof Grants;
type Names = readonly GrantName[];
export type Needs<N extends Names> = Pick<Grants, N[number]> & {
  caller: Caller;
  correlation_id: string;
  address: string;
  /** Aborted at `timeout_seconds`; what runs on after that is rolled back. */
  signal: AbortSignal;
  /** The version that `If-Match` names; `null`: any (`*`), or a method other than PATCH, which alone must carry it. */
  if_match: number | null;
};

/**
 * Who may call. No default.
 * - `anyone`: before a city is known (a closed list in `test/house.test.ts`)
 * - `session`: any signed-in user
 * - `agent`: an enrolled agent; its city
 * - `camera`: `Authorization: Bearer <camera key>` or the key in the path; that camera's city
 */
export type Access = "anyone" | "session" | "agent" | "camera" | { permission: Permission; cities: "callers" | "all" };

export type Http = {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  path: `/api/${string}`;
  access: Access;
  status?: 200 | 201 | 202 | 204 | 303;
  /** Default 1 MiB. */
  max_body_bytes?: number;
  /** Content types of a raw body; without it JSON is the only one. */
  accepts?: readonly string[];
  rate?: { per: "caller" | "address"; count: number; seconds: number };
};

type Common<N extends Names> = {
  name: string;
  summary: string;
  needs: N;
  /** `true`: an audit row in the transaction of the act. */
  audited?: boolean;
  /** Default 10 for HTTP, 60 for queues and cron. */
  timeout_seconds?: number;
  /** The role that runs its SQL. Default `gt_app`; `gt_system` is a closed list in `test/house.test.ts`. */
  role?: "gt_app" | "gt_system";
};

export type HttpFunction<
  N extends Names = Names,
  I extends z.ZodObject = z.ZodObject,
  O extends z.ZodType = z.ZodType,
> = Common<N> & { http: Http; input: I; output: O; handle(input: z.output<I>, needs: Needs<N>): Promise<z.input<O>> };

export type QueueFunction<N extends Names = Names, I extends z.ZodObject = z.ZodObject> = Common<N> & {
  queue: { event: EventType<I>; parallel?: number; ordered?: boolean };
  handle(input: z.output<I>, needs: Needs<N> & { message: { id: string; attempt: number; time: Date } }): Promise<void>;
};

export type CronFunction<N extends Names = Names> = Common<N> & {
  cron: { schedule: string; timezone: string };
  handle(input: { planned_for: Date }, needs: Needs<N>): Promise<void>;
};

/** A frame that had no effect, in a word: `without_models`, `parked`. Settled, and counted apart from what was done. */
export type Skipped = { skipped: string };

/** Called for frames from the frames port. Loses what the port may lose. */
export type FrameFunction<N extends Names = Names> = Common<N> & {
  frames: { parallel?: number };
  handle(input: Frame, needs: Needs<N> & { attempt: number }): Promise<void | Skipped>;
};

export type AnyFunction = HttpFunction | QueueFunction | CronFunction | FrameFunction;
/** context → name → function */
export type Catalogue = Record<string, Record<string, AnyFunction>>;

export const http = <const N extends Names, I extends z.ZodObject, O extends z.ZodType>(
  definition: HttpFunction<N, I, O>,
): HttpFunction<N, I, O> => definition;

export const queue = <const N extends Names, I extends z.ZodObject>(
  definition: QueueFunction<N, I>,
): QueueFunction<N, I> => definition;

export const cron = <const N extends Names>(definition: CronFunction<N>): CronFunction<N> => definition;

export const frames = <const N extends Names>(definition: FrameFunction<N>): FrameFunction<N> => definition;
