/** Rows and objects beside each other: both come in the order of their keys, so that neither is ever held whole. */
import { createHash } from "node:crypto";
import { AppError } from "#lib/errors.ts";
import type { Bucket, ObjectStore } from "#lib/object-store/object-store.ts";
import type { Expected, Section } from "./expected.ts";

/**
 * - `missing`: a row without its object. `wrong_size`, `damaged`: the object is another than the row says.
 * - `unlisted`: an object without a row, for longer than anybody may take to write one.
 * - `waiting`: the same, but young: its agent reports it by itself, or its message is delivered again.
 */
export type Kind = "missing" | "wrong_size" | "damaged" | "unlisted" | "waiting";
export type Finding = { kind: Kind; bucket: Bucket; key: string };
export type Totals = { rows: number; objects: number };

export type Looking = {
  objects: ObjectStore;
  now: () => Date;
  /** How long an object may be without a row. */
  grace_ms: number;
  /** Reads every object and compares its SHA-256. */
  read: boolean;
  totals: Totals;
};

export async function* compare(looking: Looking, section: Section): AsyncGenerator<Finding> {
  if (section.complete) yield* sideBySide(looking, section);
  else
    for await (const row of section.rows()) {
      looking.totals.rows += 1;
      yield* look(looking, section, row, null);
    }
}

async function* sideBySide(looking: Looking, section: Section): AsyncGenerator<Finding> {
  const rows = section.rows()[Symbol.asyncIterator]();
  const stored = objectsOf(looking.objects, section)[Symbol.asyncIterator]();
  let [row, object] = await Promise.all([rows.next(), stored.next()]);
  while (!row.done || !object.done) {
    if (!row.done && (object.done || row.value.key <= object.value.key)) {
      const same = !object.done && row.value.key === object.value.key;
      looking.totals.rows += 1;
      yield* look(looking, section, row.value, same && !object.done ? object.value.bytes : null);
      if (same) {
        looking.totals.objects += 1;
        object = await stored.next();
      }
      row = await rows.next();
    } else if (!object.done) {
      looking.totals.objects += 1;
      yield* stranger(looking, section, object.value.key);
      object = await stored.next();
    }
  }
}

/** `listed`: the size that a list says; `null`: look by yourself. */
async function* look(
  { objects, read }: Looking,
  { bucket, find }: Section,
  row: Expected,
  listed: number | null,
): AsyncGenerator<Finding> {
  const { key } = row;
  const bytes = listed ?? (await objects.head(bucket, key))?.bytes ?? null;
  if (bytes === null) {
    // Its row may have gone meanwhile, as it should.
    if (await find(key)) yield { kind: "missing", bucket, key };
  } else if (row.bytes !== null && row.bytes !== bytes) yield { kind: "wrong_size", bucket, key };
  else if (read && !(await isWhole(objects, bucket, row))) yield { kind: "damaged", bucket, key };
}

async function* stranger(
  { objects, now, grace_ms }: Looking,
  { bucket, find }: Section,
  key: string,
): AsyncGenerator<Finding> {
  // A row may have come meanwhile, and the object may have gone.
  const head = (await find(key)) ? null : await objects.head(bucket, key);
  if (!head) return;
  const age = now().getTime() - head.stored_at.getTime();
  yield { kind: age > grace_ms ? "unlisted" : "waiting", bucket, key };
}

const isWhole = async (objects: ObjectStore, bucket: Bucket, { key, sha256 }: Expected): Promise<boolean> => {
  try {
    const hash = createHash("sha256");
    for await (const chunk of (await objects.stream(bucket, key)) ?? []) hash.update(chunk);
    return sha256 === null || hash.digest("hex") === sha256;
  } catch (error) {
    if (error instanceof AppError && error.reason === "object.damaged") return false;
    throw error;
  }
};

async function* objectsOf(
  objects: ObjectStore,
  { bucket, prefix }: Section,
): AsyncGenerator<{ key: string; bytes: number }> {
  for (let after: string | undefined; ;) {
    const page = await objects.list(bucket, prefix, after);
    yield* page;
    if (page.length === 0) return;
    after = page.at(-1)?.key;
  }
}
