/** What is there: read from the database as its owner, from the broker and from the object store. */
import { createHash } from "node:crypto";
import { withLongWork } from "#connector/long-work.ts";
import { planOf } from "#connector/plan.ts";
import { catalogue } from "#functions/catalogue.ts";
import { connectBroker } from "#lib/broker/connect.ts";
import type { Broker } from "#lib/broker/broker.ts";
import { connectSql, type Sql } from "#lib/db/connect.ts";
import { connectObjects } from "#lib/object-store/connect.ts";
import { buckets, type Bucket, type ObjectStore } from "#lib/object-store/object-store.ts";
import { waitingIn } from "./broker-counts.ts";
import type { Facts, Promised, Queue, Sent, Stored } from "./facts.ts";
import type { ChaosSystem } from "./system.ts";

export type Observer = {
  sql: Sql;
  /** What still waits, by name; empty: nothing. */
  left(): Promise<Record<string, number>>;
  facts(run: Pick<Facts, "began_ms" | "ended_ms" | "unsent">): Promise<Facts>;
  close(): Promise<void>;
};

const plan = planOf(catalogue);
const MOST_DEAD = 1000;

export const openObserver = async ({ addresses }: ChaosSystem): Promise<Observer> => {
  const sql = connectSql(addresses.owner, { max: 2, application_name: "chaos" });
  const on_error = (): void => undefined;
  const waiting = (): Promise<Map<string, number>> => waitingIn(addresses, sql);
  const rows = rowsOf(sql);
  return {
    sql,
    async left() {
      const [counts] = await sql<{ outbox: number; raw_posts: number; clips: number }[]>`
        select (select count(*)::int from outbox where published_at is null and refused is null) as outbox,
          (select count(*)::int from raw_posts) as raw_posts,
          (select count(*)::int from clips where status in ('PENDING', 'CUTTING')) as clips`;
      const all = [...Object.entries(counts ?? {}), ...(await waiting())];
      return Object.fromEntries(all.filter(([, count]) => count > 0));
    },
    async facts(run) {
      // The store and the broker of the run are opened for this moment: before it they are away at times.
      const objects = await connectObjects(addresses.objects, { keys: { mac: signsNothing } });
      const broker = await connectBroker(addresses.broker, { queues: plan.queues, sql, on_error });
      const whole = await withLongWork(broker, { sql, queues: plan.queues, on_error });
      try {
        const queues = await queuesOf(whole, await waiting());
        const found = await rows();
        const isLeft = leftByFrames(found);
        const stored = (await storedIn(objects)).filter((object) => !isLeft(object));
        return { ...run, ...found, queues, stored };
      } finally {
        await whole.close();
        await Promise.all([objects.close(), broker.close()]);
      }
    },
    close: () => sql.end({ timeout: 2 }),
  };
};

const signsNothing = (): Promise<never> => Promise.reject(new Error("Who only looks signs nothing"));

const queuesOf = (broker: Broker, waiting: ReadonlyMap<string, number>): Promise<Queue[]> =>
  Promise.all(
    plan.queues.map(async ({ name, types }) => ({
      name,
      type: types[0] ?? "",
      remembers: remembers(name),
      pending: waiting.get(name) ?? 0,
      dead: (await broker.deadLetters(name, MOST_DEAD)).map(({ event, reason }) => ({ event_id: event.id, reason })),
    })),
  );

/** What has an effect in the database writes there that it has had it (`lib/function/delivery.ts`). */
const remembers = (queue: string): boolean => {
  const [context = "", name = ""] = queue.split(".");
  const needs: readonly string[] =
    (catalogue as Record<string, Record<string, { needs: readonly string[] }>>)[context]?.[name]?.needs ?? [];
  return needs.includes("sql") || needs.includes("transaction");
};

/** Which field of an event says what it is about; of the others each is about itself. */
const aboutField: Record<string, string> = {
  "lpr.posted": "raw_post_id",
  "lpr.detected": "event_id",
  "alert.triggered": "alert_id",
  "alert.acknowledged": "alert_id",
  "clip.requested": "clip_id",
  "clip.ready": "clip_id",
  "clip.failed": "clip_id",
};

const rowsOf = (sql: Sql) => async () => {
  const reads = await sql<Facts["reads"]>`
    select id, cidade_id, camera_id, source_event_id, plate, (extract(epoch from captured_at) * 1000)::float8 as captured_ms from lpr_events`;
  const [raw] = await sql<{ count: number }[]>`select count(*)::int as count from raw_posts`;
  const entries = await sql<Facts["entries"]>`
    select id, cidade_id, reason, plate, removed_at is not null as removed from watchlist_entries`;
  const alerts = await sql<Facts["alerts"]>`select id, entry_id, event_id, status from alerts`;
  const clips = await sql<Facts["clips"]>`select id, nome, status, failure from clips`;
  const segments = await sql<Facts["segments"]>`
    select camera_id, boot_id, sequence::int as sequence, sha256, (extract(epoch from captured_at) * 1000)::float8 as starts_ms,
      (extract(epoch from wall_end) * 1000)::float8 as ends_ms from recording_segments`;
  const gaps = await sql<Facts["gaps"]>`
    select camera_id, (extract(epoch from starts_at) * 1000)::float8 as starts_ms,
      (extract(epoch from coalesce(ends_at, now())) * 1000)::float8 as ends_ms from gaps`;
  // Frames come past the outbox, and promise less.
  const ofFrames = plan.frames.map((one) => one.function.split(".")[1] ?? "");
  const inbox = await sql<
    { row: string }[]
  >`select id || ' ' || function as row from inbox where function <> all (${ofFrames}::text[])`;
  return {
    reads,
    raw_posts: raw?.count ?? 0,
    entries,
    alerts,
    clips,
    segments,
    gaps,
    outbox: await outboxOf(sql),
    inbox: inbox.map(({ row }) => row),
    promised: await promisedBy(sql),
  };
};

const outboxOf = async (sql: Sql): Promise<Sent[]> => {
  const rows = await sql<
    { id: string; type: string; data: Record<string, string>; published: boolean; refused: boolean }[]
  >`
    select id, type, data, published_at is not null as published, refused is not null as refused from outbox`;
  return rows.map(({ data, ...row }) => ({ ...row, about: data[aboutField[row.type] ?? ""] ?? row.id }));
};

const promisedBy = (sql: Sql): Promise<Promised[]> => sql<Promised[]>`
  select 'recordings' as bucket, object_key as key, bytes::float8 as bytes, sha256 from recording_segments where place = 'store'
  union all select 'clips', storage_path, bytes::float8, sha256 from clips where storage_path is not null
  union all select 'thumbnails', thumbnail_path, null, null from clips where thumbnail_path is not null
  union all select 'lpr-images', image_url, null, null from plate_reads where image_url is not null
  union all select 'lpr-images', plate_image_url, null, null from plate_reads where plate_image_url is not null`;

/**
 * Looks that are no read yet, and those whose process was killed, have pictures: they go when their passage ends or with their day
 * (`functions/ai/stored-pictures.ts`). A post is delivered until it is a read, whose name its pictures bear.
 */
const leftByFrames = ({ reads, promised }: Pick<Facts, "reads" | "promised">): ((object: Stored) => boolean) => {
  const posted = new Set(reads.filter(({ source_event_id }) => source_event_id !== null).map(({ id }) => id));
  const named = new Set(promised.map(({ bucket, key }) => `${bucket}/${key}`));
  const readOf = (key: string): string => key.slice(key.lastIndexOf("/") + 1).slice(0, 36);
  return ({ bucket, key }) => bucket === "lpr-images" && !named.has(`${bucket}/${key}`) && !posted.has(readOf(key));
};

/** The store's mark, tries of what it can do, and a camera's pictures of every ten seconds: no row says that they are there. */
const HAS_NO_ROW = /^installation$|\/\d{4}-\d\d-\d\d\/\d+(-wide)?\.jpg$/;

const storedIn = async (objects: ObjectStore): Promise<Stored[]> => {
  const all: Stored[] = [];
  for (const bucket of buckets)
    for await (const key of keysIn(objects, bucket)) {
      if (HAS_NO_ROW.test(key)) continue;
      const bytes = await objects.get(bucket, key);
      if (bytes)
        all.push({ bucket, key, bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") });
    }
  return all;
};

async function* keysIn(objects: ObjectStore, bucket: Bucket): AsyncGenerator<string> {
  for (let after: string | undefined = ""; after !== undefined;) {
    const page: { key: string }[] = await objects.list(bucket, "", after === "" ? undefined : after);
    for (const { key } of page) yield key;
    after = page.at(-1)?.key;
  }
}
