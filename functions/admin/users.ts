/** Users, and what they hold in which city. */
import type { TransactionSql } from "#lib/db/connect.ts";
import { isDuplicate } from "#lib/db/transaction.ts";
import { AppError } from "#lib/errors.ts";
import type { Caller } from "#lib/function/define.ts";
import type { Permission } from "#lib/function/permissions.ts";
import type { User } from "./contract.ts";

export type UserRow = {
  id: string;
  email: string;
  nome: string;
  password_hash: string;
  is_active: boolean;
  session_version: number;
};
/** `cidade_id: null`: in every city. */
export type CityGrant = { cidade_id: string | null; permissions: Permission[] };

export const insertUser = async (
  sql: TransactionSql,
  user: { id: string; email: string; nome: string; password_hash: string; created_at: Date },
): Promise<void> => {
  try {
    await sql`insert into users (id, email, nome, password_hash, created_at, updated_at)
      values (${user.id}, ${user.email}, ${user.nome}, ${user.password_hash}, ${user.created_at}, ${user.created_at})`;
  } catch (error) {
    if (isDuplicate(error))
      throw new AppError("conflict", "There is a user with this e-mail", { reason: "user.email_taken" });
    throw error;
  }
};

export const giveRole = async (
  sql: TransactionSql,
  given: { id: string; user_id: string; role_id: string; cidade_id: string | null },
): Promise<void> => {
  const [role] = await sql`select 1 from roles where id = ${given.role_id}`;
  if (!role) throw new AppError("invalid", "There is no such role", { reason: "role.unknown" });
  await sql`insert into user_roles (id, user_id, role_id, cidade_id)
    values (${given.id}, ${given.user_id}, ${given.role_id}, ${given.cidade_id}) on conflict do nothing`;
};

/** Those that this transaction sees. */
export const takeRoles = (sql: TransactionSql, user_id: string) =>
  sql`delete from user_roles where user_id = ${user_id}`;

/** Throws `not_found` for who holds no role that this transaction sees. Nobody else changes the user until it ends. */
export const lockUser = async (sql: TransactionSql, id: string): Promise<{ version: number; is_active: boolean }> => {
  const [user] = await sql<{ version: number; is_active: boolean }[]>`
    select version, is_active from users u
    where id = ${id} and exists (select 1 from user_roles where user_id = u.id) for update`;
  if (!user) throw new AppError("not_found", "No such user", { reason: "user.unknown" });
  return user;
};

/** The person is one in every city: a manager of one city decides about them only where no other has a say. */
export const mustManageAllOf = async (sql: TransactionSql, user_id: string): Promise<void> => {
  const [row] = await sql<{ elsewhere: boolean }[]>`select gt_holds_roles_elsewhere(${user_id}) as elsewhere`;
  if (row?.elsewhere)
    throw new AppError("forbidden", "This user holds roles that you do not manage", { reason: "user.other_cities" });
};

/** Who gives roles may give them only where they manage users themselves. */
export const mustReach = (caller: Caller, cidade_id: string | null): void => {
  if (caller.cities === "all") return;
  if (cidade_id === null)
    throw new AppError("forbidden", "Only who manages every city may give a role in all of them", {
      reason: "role.all_cities",
    });
  if (!caller.cities.includes(cidade_id)) throw new AppError("not_found", "No such city", { reason: "city.unknown" });
};

export const findUserByEmail = async (sql: TransactionSql, email: string): Promise<UserRow | null> => {
  const [found] = await sql<
    UserRow[]
  >`select id, email, nome, password_hash, is_active, session_version from users where lower(email) = ${email}`;
  return found ?? null;
};

export const grantsOf = async (sql: TransactionSql, user_id: string): Promise<CityGrant[]> => {
  const rows = await sql<
    CityGrant[]
  >`select ur.cidade_id, r.permissions from user_roles ur join roles r on r.id = ur.role_id where ur.user_id = ${user_id}`;
  const byCity = new Map<string | null, Set<Permission>>();
  for (const { cidade_id, permissions } of rows) {
    const held = byCity.get(cidade_id) ?? new Set();
    for (const permission of permissions) held.add(permission);
    byCity.set(cidade_id, held);
  }
  return [...byCity].map(([cidade_id, held]) => ({ cidade_id, permissions: [...held] }));
};

export const hasAnyUser = async (sql: TransactionSql): Promise<boolean> =>
  (await sql`select 1 from users limit 1`).length > 0;

const selectUsers = (sql: TransactionSql) => sql`
  select u.id, u.nome, u.email, u.is_active, u.version, u.created_at,
    jsonb_agg(jsonb_build_object('role_id', r.id, 'role_name', r.name, 'cidade_id', ur.cidade_id) order by r.name) as roles
  from users u join user_roles ur on ur.user_id = u.id join roles r on r.id = ur.role_id`;

/** A user with a role in a city that this transaction sees. */
export const findUserRow = async (sql: TransactionSql, id: string): Promise<UserListRow> => {
  const [row] = await sql<UserListRow[]>`${selectUsers(sql)} where u.id = ${id} group by u.id`;
  if (!row) throw new AppError("not_found", "No such user", { reason: "user.unknown" });
  return row;
};

/** Users with a role in a city that this transaction sees. */
export const listUserRows = (sql: TransactionSql, after: string | null, limit: number): Promise<UserListRow[]> =>
  sql<UserListRow[]>`${selectUsers(sql)}
    where ${after === null ? sql`true` : sql`lower(u.email) > ${after}`}
    group by u.id order by lower(u.email) limit ${limit + 1}`;

export type UserListRow = Omit<User, "created_at"> & { created_at: Date };
export const userOf = (row: UserListRow): User => ({ ...row, created_at: row.created_at.toISOString() });
