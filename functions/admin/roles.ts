/** Roles: named sets of permissions. */
import type { TransactionSql } from "#lib/db/connect.ts";
import { isDuplicate } from "#lib/db/transaction.ts";
import { AppError } from "#lib/errors.ts";
import { permissions, type Permission } from "#lib/function/permissions.ts";

export type RoleRow = { id: string; name: string; permissions: Permission[] };

/** What a new installation offers; people make their own beside them. */
const operator: Permission[] = [
  "cameras.view",
  "live.view",
  "recordings.view",
  "clips.create",
  "plates.view",
  "plates.search",
  "plates.correct",
  "alerts.view",
  "alerts.handle",
];
export const builtIn: { name: string; permissions: Permission[] }[] = [
  { name: "Administrador", permissions: [...permissions] },
  { name: "Operador", permissions: operator },
  { name: "Investigador", permissions: [...operator, "watchlists.manage", "audit.view"] },
];

/** Made when missing; what people changed in them since is left alone. Answers the administrator's role. */
export const ensureBuiltInRoles = async (sql: TransactionSql, ids: () => string): Promise<string> => {
  for (const role of builtIn) {
    await sql`insert into roles (id, name, permissions) values (${ids()}, ${role.name}, ${sql.json(role.permissions)}) on conflict (name) do nothing`;
  }
  const [found] = await sql<{ id: string }[]>`select id from roles where name = ${builtIn[0]?.name ?? ""}`;
  return found?.id ?? "";
};

export const insertRole = async (sql: TransactionSql, role: RoleRow): Promise<void> => {
  try {
    await sql`insert into roles (id, name, permissions) values (${role.id}, ${role.name}, ${sql.json(role.permissions)})`;
  } catch (error) {
    if (isDuplicate(error))
      throw new AppError("conflict", "There is a role of this name", { reason: "role.name_taken" });
    throw error;
  }
};

export const listRoleRows = (sql: TransactionSql, after: string | null, limit: number): Promise<RoleRow[]> =>
  sql<
    RoleRow[]
  >`select id, name, permissions from roles where ${after === null ? sql`true` : sql`name > ${after}`} order by name limit ${limit + 1}`;
