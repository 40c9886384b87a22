/** Cities and their plans. */
import type { TransactionSql } from "#lib/db/connect.ts";
import { isDuplicate } from "#lib/db/transaction.ts";
import { AppError } from "#lib/errors.ts";
import type { City } from "./contract.ts";

export type CityRow = Omit<City, "created_at"> & { created_at: Date };

const columns = ["id", "nome", "estado", "plano_retencao_dias", "fuso_horario", "is_active", "version", "created_at"];

export const cityOf = (row: CityRow): City => ({ ...row, created_at: row.created_at.toISOString() });

/** Throws `invalid` for a zone that this machine's calendar does not know. */
export const checkZone = (fuso_horario: string): void => {
  try {
    Intl.DateTimeFormat("en", { timeZone: fuso_horario });
  } catch {
    throw new AppError("invalid", "There is no such time zone", {
      reason: "city.time_zone",
      errors: [{ path: "fuso_horario", code: "unknown" }],
    });
  }
};

export const insertCity = async (
  sql: TransactionSql,
  city: Pick<City, "id" | "nome" | "estado" | "plano_retencao_dias" | "fuso_horario">,
  now: Date,
): Promise<CityRow> => {
  try {
    const [row] = await sql<CityRow[]>`
      insert into cidades ${sql({ ...city, created_at: now, updated_at: now })} returning ${sql(columns)}`;
    return row as CityRow;
  } catch (error) {
    throw nameTaken(error);
  }
};

const nameTaken = (error: unknown): unknown =>
  isDuplicate(error)
    ? new AppError("conflict", "There is a city of this name in this state", { reason: "city.name_taken" })
    : error;

export const findCity = async (sql: TransactionSql, id: string, forUpdate = false): Promise<CityRow> => {
  const [row] = await sql<
    CityRow[]
  >`select ${sql(columns)} from cidades where id = ${id} ${forUpdate ? sql`for update` : sql``}`;
  if (!row) throw new AppError("not_found", "No such city", { reason: "city.unknown" });
  return row;
};

/** `ids`: what the caller may see; the policy guards it as well. */
export const listCityRows = (
  sql: TransactionSql,
  ids: readonly string[] | "all",
  after: readonly string[] | null,
  limit: number,
): Promise<CityRow[]> =>
  sql<CityRow[]>`
    select ${sql(columns)} from cidades
    where ${ids === "all" ? sql`true` : sql`id = any (${[...ids]}::uuid[])`}
      and ${after ? sql`(nome, id) > (${after[0] ?? ""}, ${after[1] ?? ""}::uuid)` : sql`true`}
    order by nome, id limit ${limit + 1}`;

export const updateCityRow = async (
  sql: TransactionSql,
  id: string,
  change: { [K in "nome" | "plano_retencao_dias" | "fuso_horario" | "is_active"]?: City[K] | undefined },
  now: Date,
): Promise<CityRow> => {
  try {
    const [row] = await sql<CityRow[]>`
      update cidades set ${sql({ ...change, updated_at: now })}, version = version + 1 where id = ${id} returning ${sql(columns)}`;
    return row as CityRow;
  } catch (error) {
    throw nameTaken(error);
  }
};
