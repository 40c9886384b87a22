/** All that is known of one read: how it was read, the other reads of its passage, what people said. */
import type { TransactionSql } from "#lib/db/connect.ts";
import type { ObjectStore } from "#lib/object-store/object-store.ts";
import { Reading, type PlateReadDetails } from "./contract.ts";
import { correctionOf, listCorrections } from "./corrections.ts";
import { readOf, type PlateReadRow } from "./plate-reads.ts";

type SourceRow = Pick<PlateReadRow, "id" | "source" | "plate" | "confidence" | "captured_at">;

/** Reads of one passage are not further apart: each day's index is asked for a moment only. */
const AROUND_MS = 120_000;

export const detailsOf = async (
  { sql, objects }: { sql: TransactionSql; objects: ObjectStore },
  row: PlateReadRow,
): Promise<PlateReadDetails> => {
  const read = await readOf(objects, row);
  const sources = await listSources(sql, row);
  const corrections = await listCorrections(sql, row);
  return {
    ...read,
    reading: await readingOf(sql, row),
    sources: sources.map((one) => ({ ...one, captured_at: one.captured_at.toISOString() })),
    corrections: corrections.map(correctionOf),
  };
};

const listSources = (
  sql: TransactionSql,
  { cidade_id, sighting_id, captured_at }: PlateReadRow,
): Promise<SourceRow[]> => {
  const at = captured_at.getTime();
  return sql<SourceRow[]>`
    select id, source, plate, confidence, captured_at from plate_reads
    where cidade_id = ${cidade_id} and sighting_id = ${sighting_id}
      and captured_at between ${new Date(at - AROUND_MS)} and ${new Date(at + AROUND_MS)}
    order by captured_at, id`;
};

const readingOf = async (
  sql: TransactionSql,
  { cidade_id, captured_at, id }: PlateReadRow,
): Promise<Reading | null> => {
  const [row] = await sql<{ reading: unknown }[]>`
    select reading from plate_reads where cidade_id = ${cidade_id} and captured_at = ${captured_at} and id = ${id}`;
  return row?.reading ? Reading.parse(row.reading) : null;
};
