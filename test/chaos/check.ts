/** Whether a system kept its promises through a run: pure functions over what clients heard and what is there afterwards. */
import type { Facts, Queue, Sent } from "./facts.ts";
import { wishesOf, type Kind, type Operation } from "./history.ts";

export type Violation = { promise: string; what: string };
type Check = (operations: readonly Operation[], facts: Facts) => string[];

const isOk = ({ outcome }: Operation): boolean => outcome === "ok";
const count = <T>(items: readonly T[], keyOf: (item: T) => string | null): Map<string, number> => {
  const counts = new Map<string, number>();
  for (const item of items) {
    const key = keyOf(item);
    if (key !== null) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
};
const moreThanOnce = (what: string, counts: ReadonlyMap<string, number>): string[] =>
  [...counts].filter(([, times]) => times > 1).map(([key, times]) => `${what} ${key} is there ${times} times`);

/** Where a wish is found: under its key, wherever attempts of it may have left something. */
const placesOf = (facts: Facts): Partial<Record<Kind, Map<string, number>>> => ({
  "post-plate": count(facts.reads, ({ source_event_id }) => source_event_id),
  "watch-plate": count(facts.entries, ({ reason }) => reason),
  "request-clip": count(facts.clips, ({ nome }) => nome),
});

const acknowledgedIsThere: Check = (operations, facts) => {
  const places = placesOf(facts);
  const removed = new Set(facts.entries.filter((entry) => entry.removed).map(({ id }) => id));
  const acknowledged = new Set(facts.alerts.filter(({ status }) => status === "acknowledged").map(({ id }) => id));
  const isThere = ({ kind, key, id = "" }: Operation): boolean => {
    if (kind === "unwatch-plate") return removed.has(id);
    if (kind === "acknowledge-alert") return acknowledged.has(id);
    const place = places[kind];
    return place === undefined || place.has(key);
  };
  return operations.filter((one) => isOk(one) && !isThere(one)).map(({ kind, key }) => `${kind} ${key} left nothing`);
};

/** What somebody was shown, or an event told, once for each thing it is about. */
const oneEffectPerKey: Check = (_operations, facts) => [
  ...Object.entries(placesOf(facts)).flatMap(([kind, place]) => moreThanOnce(kind, place)),
  ...moreThanOnce(
    "alert",
    count(facts.alerts, ({ event_id, entry_id }) => `${event_id} of ${entry_id}`),
  ),
  ...moreThanOnce(
    "event",
    count(facts.outbox, ({ type, about }) => `${type} of ${about}`),
  ),
];

const refusedHasNoEffect: Check = (operations, facts) =>
  Object.entries(placesOf(facts)).flatMap(([kind, place]) =>
    [...wishesOf(operations, kind as Kind)]
      .filter(([key, attempts]) => place.has(key) && attempts.every(({ outcome }) => outcome === "failed"))
      .map(([key]) => `${kind} ${key} was refused and is there`),
  );

/** in = done + pending + dead: for each queue, as sets, of what was published to it. */
const messagesAreConserved: Check = (_operations, facts) => {
  const done = new Set(facts.inbox);
  const lost = (queue: Queue, sent: readonly Sent[]): string[] => {
    const dead = new Set(queue.dead.map(({ event_id }) => event_id));
    const open = sent.filter(({ id }) => !done.has(`${id} ${queue.name.split(".")[1]}`) && !dead.has(id));
    // Of a queue that does not say what it has done, what neither waits nor died was done.
    if (!queue.remembers || open.length <= queue.pending) return [];
    return [
      `${queue.name}: ${sent.length} in, ${open.length} of them neither done nor dead, ${queue.pending} pending: ${sample(open.map(({ id }) => id))}`,
    ];
  };
  const known = new Set(facts.outbox.map(({ id }) => id));
  const fromNowhere = facts.inbox.filter((row) => !known.has(row.split(" ")[0] ?? ""));
  return [
    ...facts.queues.flatMap((queue) =>
      lost(
        queue,
        facts.outbox.filter(({ type, published }) => published && type === queue.type),
      ),
    ),
    ...fromNowhere.map((row) => `${row} was done and never sent`),
  ];
};

/** After the faults nothing is left over: what waits is done, and no fault of a dependency has killed a message. */
const allIsDone: Check = (_operations, facts) => [
  ...facts.queues.filter(({ pending }) => pending > 0).map(({ name, pending }) => `${name}: ${pending} pending`),
  ...facts.queues.flatMap(({ name, dead }) =>
    dead.map(({ event_id, reason }) => `${name}: ${event_id} is dead: ${reason}`),
  ),
  ...facts.outbox
    .filter(({ published, refused }) => !published && !refused)
    .map(({ id, type }) => `${type} ${id} was never published`),
  ...facts.unsent.map((file) => `${file} was never handed in`),
  ...(facts.raw_posts > 0 ? [`${facts.raw_posts} posts were never parsed`] : []),
  ...facts.clips
    .filter(({ status }) => status !== "READY")
    .map(({ id, status, failure }) => `clip ${id} is ${status} ${failure ?? ""}`.trim()),
];

const rowsAndObjectsAgree: Check = (_operations, facts) => {
  const nameOf = ({ bucket, key }: { bucket: string; key: string }): string => `${bucket}/${key}`;
  const stored = new Map(facts.stored.map((object) => [nameOf(object), object]));
  const promised = new Set(facts.promised.map(nameOf));
  const differences = facts.promised.flatMap((row) => {
    const object = stored.get(nameOf(row));
    if (!object) return [`${nameOf(row)} is not there`];
    if (row.bytes !== null && row.bytes !== object.bytes)
      return [`${nameOf(row)} has ${object.bytes} bytes instead of ${row.bytes}`];
    if (row.sha256 !== null && row.sha256 !== object.sha256) return [`${nameOf(row)} has other bytes`];
    return [];
  });
  return [
    ...differences,
    ...facts.stored.filter((object) => !promised.has(nameOf(object))).map((object) => `${nameOf(object)} has no row`),
  ];
};

const segmentName = ({ camera_id, boot_id, sequence }: Facts["segments"][number]): string =>
  `${camera_id}/${boot_id}-${sequence}`;

const noSegmentIsOverwritten: Check = (operations, facts) => {
  const now = new Map(facts.segments.map((segment) => [segmentName(segment), segment.sha256]));
  const before = operations.filter(({ kind, outcome }) => kind === "upload-segment" && outcome === "ok");
  return [
    ...moreThanOnce("segment", count(facts.segments, segmentName)),
    ...before.filter(({ key }) => !now.has(key)).map(({ key }) => `segment ${key} was listed and is gone`),
    ...before
      .filter(({ key, sha256 }) => now.has(key) && now.get(key) !== sha256)
      .map(({ key }) => `segment ${key} has other bytes than it had`),
  ];
};

/** Segments follow each other at key frames: a shorter hole is none. */
const HOLE_MS = 2000;

const holesAreExplained: Check = (_operations, { segments, gaps }) =>
  [...Map.groupBy(segments, ({ camera_id }) => camera_id)].flatMap(([camera_id, all]) => {
    const known = gaps.filter((gap) => gap.camera_id === camera_id);
    const ordered = all.toSorted((a, b) => a.starts_ms - b.starts_ms);
    let end = ordered[0]?.starts_ms ?? 0;
    return ordered.flatMap(({ starts_ms, ends_ms }) => {
      const from = end;
      end = Math.max(end, ends_ms);
      if (starts_ms - from < HOLE_MS) return [];
      if (known.some((gap) => gap.starts_ms < starts_ms && gap.ends_ms > from)) return [];
      return [`camera ${camera_id}: nothing from ${iso(from)} to ${iso(starts_ms)}, and nobody says why`];
    });
  });

/** As far as a camera may be ahead before it is not believed (`functions/ai/capture-times.ts`). */
const AHEAD_MS = 3_600_000;

/** A camera whose clock is wrong dates nothing beyond belief; an agent counts on its monotonic clock. */
const timesAreBelievable: Check = (_operations, { reads, segments, began_ms, ended_ms }) => [
  ...reads
    .filter(({ captured_ms }) => captured_ms < began_ms - AHEAD_MS || captured_ms > ended_ms + AHEAD_MS)
    .map(({ id, captured_ms }) => `read ${id} is of ${iso(captured_ms)}`),
  ...segments
    .filter(
      ({ starts_ms, ends_ms }) => starts_ms < began_ms - HOLE_MS || ends_ms > ended_ms + HOLE_MS || ends_ms < starts_ms,
    )
    .map((segment) => `segment ${segmentName(segment)} is of ${iso(segment.starts_ms)} to ${iso(segment.ends_ms)}`),
];

/** A watched plate that was read raises its alert, and one that is not watched any more does not. */
const alertsFollow: Check = (operations, facts) => {
  const events = new Map(facts.reads.map(({ id, source_event_id }) => [source_event_id ?? "", id]));
  const raised = new Set(facts.alerts.map(({ event_id, entry_id }) => `${event_id} ${entry_id}`));
  const posts = Map.groupBy(
    operations.filter(({ kind }) => kind === "post-plate"),
    ({ cidade_id, plate }) => `${cidade_id} ${plate}`,
  );
  const ends = wishesOf(operations, "unwatch-plate");
  return operations
    .filter((one) => one.kind === "watch-plate" && isOk(one))
    .flatMap(({ cidade_id, plate, id = "", ended_ms: from }) => {
      const removal = ends.get(id) ?? [];
      const until = Math.min(Infinity, ...removal.map(({ begun_ms }) => begun_ms));
      const over = Math.min(Infinity, ...removal.filter(isOk).map(({ ended_ms }) => ended_ms));
      return [...Map.groupBy(posts.get(`${cidade_id} ${plate}`) ?? [], ({ key }) => key)].flatMap(([key, attempts]) => {
        const has = raised.has(`${events.get(key)} ${id}`);
        const begun = Math.min(...attempts.map(({ begun_ms }) => begun_ms));
        if (begun > over && has) return [`${key} raised an alert for ${id}, which had been removed`];
        // Matched some time after the post: only what nobody has begun to remove by the end must be found.
        const isWatched = begun > from && until === Infinity && attempts.some(isOk);
        return isWatched && !has ? [`${key} raised no alert for ${id}`] : [];
      });
    });
};

const noCityReadsAnother: Check = (operations) => [
  ...operations
    .filter(({ foreign = [] }) => foreign.length > 0)
    .map(({ kind, key, foreign }) => `${kind} ${key} answered words of another city: ${foreign?.join(", ")}`),
  ...operations.filter((one) => one.kind === "trespass" && isOk(one)).map(({ key }) => `${key} was answered`),
];

const listsShowWhatWasAcknowledged: Check = (operations) => {
  const made = operations.filter((one) => one.kind === "watch-plate" && isOk(one));
  const removed = wishesOf(operations, "unwatch-plate");
  return operations
    .filter((one) => one.kind === "list-entries" && isOk(one))
    .flatMap(({ cidade_id, seen = [], begun_ms, ended_ms, key }) => {
      const shown = new Set(seen);
      return made.flatMap(({ cidade_id: city, id = "", ended_ms: since }) => {
        const removal = removed.get(id) ?? [];
        const isThere = city === cidade_id && since < begun_ms && removal.every((one) => one.begun_ms > ended_ms);
        const isGone = removal.some((one) => isOk(one) && one.ended_ms < begun_ms);
        if (isThere && !shown.has(id)) return [`list ${key} lacks the entry ${id}`];
        return isGone && shown.has(id) ? [`list ${key} shows the removed entry ${id}`] : [];
      });
    });
};

/** What a client may hear beside what it asked for: nothing, or not now and when; 409: somebody was first. */
const refusalsSayWhen: Check = (operations) =>
  operations
    .filter(({ kind, outcome, status, says_when }) => {
      if (outcome === "ok" || status === 0 || kind === "trespass") return false;
      return status === 503 || status === 429 ? !says_when : status !== 409;
    })
    .map(({ kind, key, status }) => `${kind} ${key} was answered ${status} without a time to come again`);

const checks: Record<string, Check> = {
  "what was acknowledged is there": acknowledgedIsThere,
  "at most one effect per key": oneEffectPerKey,
  "what was refused has no effect": refusedHasNoEffect,
  "messages in = done + pending + dead": messagesAreConserved,
  "nothing is left over": allIsDone,
  "rows and objects agree": rowsAndObjectsAgree,
  "no segment is overwritten": noSegmentIsOverwritten,
  "holes in a recording are explained": holesAreExplained,
  "times are believable": timesAreBelievable,
  "alerts follow their reads": alertsFollow,
  "no city reads another": noCityReadsAnother,
  "lists show what was acknowledged": listsShowWhatWasAcknowledged,
  "refusals say when to come again": refusalsSayWhen,
};

export const promises = Object.keys(checks);

export const check = (operations: readonly Operation[], facts: Facts): Violation[] =>
  Object.entries(checks).flatMap(([promise, judge]) => judge(operations, facts).map((what) => ({ promise, what })));

const SHOWN = 5;
const sample = (items: readonly string[]): string =>
  `${items.slice(0, SHOWN).join(", ")}${items.length > SHOWN ? ", …" : ""}`;
const iso = (ms: number): string => new Date(ms).toISOString();
