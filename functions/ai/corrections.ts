/** Corrections: what people say that a read is. The read stays as it was; the last word counts, the others stay beside it. */
import type { TransactionSql } from "#lib/db/connect.ts";
import { isDuplicate } from "#lib/db/transaction.ts";
import { AppError } from "#lib/errors.ts";
import type * as z from "zod";
import type { Correction } from "./contract.ts";
import { insertKeys, type PlateReadRow } from "./plate-reads.ts";
import { normalise } from "./plates.ts";

export type CorrectionRow = Omit<z.infer<typeof Correction>, "created_at"> & { created_at: Date };

export const correctionOf = (row: CorrectionRow): z.infer<typeof Correction> => ({
  ...row,
  created_at: row.created_at.toISOString(),
});

/** Throws `invalid` for what is no plate. */
export const plateSaid = (typed: string | null): string | null => {
  if (typed === null) return null;
  const plate = normalise(typed);
  if (plate !== null) return plate;
  throw new AppError("invalid", "This is no plate", {
    reason: "plate.characters",
    errors: [{ path: "plate", code: "plate.characters" }],
  });
};

export const insertCorrection = async (
  sql: TransactionSql,
  read: Pick<PlateReadRow, "cidade_id" | "id" | "captured_at">,
  correction: Pick<CorrectionRow, "id" | "plate" | "reason" | "created_by" | "created_at">,
): Promise<void> => {
  const { cidade_id, id: event_id, captured_at } = read;
  await sql`
    update lpr_corrections set is_current = false where cidade_id = ${cidade_id} and event_id = ${event_id} and is_current`;
  try {
    await sql`insert into lpr_corrections ${sql({ ...correction, cidade_id, event_id, event_captured_at: captured_at })}`;
  } catch (error) {
    if (!isDuplicate(error, "lpr_corrections_current")) throw error;
    throw new AppError("conflict", "Somebody else has just corrected this read", {
      reason: "plate.corrected_meanwhile",
    });
  }
  // Among what is kept as evidence there is nothing to search.
  const [listed] = await sql`
    update lpr_events set needs_review = false
    where cidade_id = ${cidade_id} and captured_at = ${captured_at} and id = ${event_id} returning 1`;
  await sql`update kept_reads set needs_review = false where cidade_id = ${cidade_id} and id = ${event_id}`;
  if (listed && correction.plate !== null) await insertKeys(sql, read, correction.plate);
};

/** Newest first. */
export const listCorrections = (
  sql: TransactionSql,
  { cidade_id, id }: Pick<PlateReadRow, "cidade_id" | "id">,
): Promise<CorrectionRow[]> =>
  sql<CorrectionRow[]>`
    select id, plate, reason, created_by, created_at, is_current from lpr_corrections
    where cidade_id = ${cidade_id} and event_id = ${id} order by created_at desc, id desc`;
