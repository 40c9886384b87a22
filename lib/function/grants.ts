/** What is lent to a call: exactly what its function names. */
import type { Cache } from "#lib/cache/cache.ts";
import type { Sql, TransactionSql } from "#lib/db/connect.ts";
import type { Log } from "#lib/log.ts";
import type { ObjectStore } from "#lib/object-store/object-store.ts";
import type { Keys } from "#lib/secrets/keys.ts";
import type { Sight } from "#lib/vision/sight.ts";
import type { AnyFunction, Caller, Catalogue, GrantName, Grants, Outbox } from "./define.ts";
import type { AuditNote } from "./audit.ts";
import { functionsOf, needsOfFunction } from "./needs.ts";

/** What a process has to lend. A host refuses to start when a function of its catalogue names what is not here. */
export type Lent = {
  /** As gt_app. */
  sql?: Sql;
  /** As gt_system: who is calling, and the functions whose role is gt_system. */
  system?: Sql;
  objects?: ObjectStore;
  cache?: Cache;
  keys?: Keys;
  sight?: Sight;
  /** Default: now. */
  clock?: () => Date;
  /** Default: UUIDv7 of `clock`. */
  ids?: () => string;
};

export type Settled = Omit<Lent, "clock" | "ids"> & {
  clock: () => Date;
  ids: () => string;
  log: Log;
  /** Called after a commit that wrote events, so that the relay need not wait for its next look. */
  onEvents: (types: readonly string[]) => void;
};

/** One function with what the host knows of it beside its definition. */
export type Entry<F extends AnyFunction = AnyFunction> = { context: string; definition: F };

export type Call = {
  caller: Caller;
  /** What the tenant transaction opens; with role gt_system every city. */
  cities: readonly string[] | "all";
  correlation_id: string;
  traceparent: string;
  address: string;
  signal: AbortSignal;
  if_match: number | null;
  notes: AuditNote[];
  message?: { id: string; cidade_id: string | null; attempt: number; time: Date };
  /** What `once()` claims: the message, or the frame under an id of its own time. */
  claims?: { id: string; cidade_id: string | null };
  attempt?: number;
  rawBody?: Grants["rawBody"];
  cookies?: Grants["cookies"];
};

export type Scope = { sql: TransactionSql; outbox: Outbox };

const ofTransaction: readonly GrantName[] = ["sql", "outbox"];
/** True: the whole `handle` runs in one tenant transaction. */
export const runsInTransaction = (definition: AnyFunction): boolean =>
  definition.needs.some((name) => ofTransaction.includes(name));

export const sqlOf = (settled: Settled, definition: AnyFunction): Sql => {
  const sql = definition.role === "gt_system" ? settled.system : settled.sql;
  if (!sql) throw new Error(`${definition.name} needs a connection that this process does not have`);
  return sql;
};

type Transaction = Grants["transaction"];

/** Built by hand and not by spreading: this runs on every request. */
export const lend = (
  settled: Settled,
  definition: AnyFunction,
  call: Call,
  scope: Scope | null,
  transaction: Transaction,
): Record<string, unknown> => {
  const { caller, correlation_id, address, signal, if_match } = call;
  const lent: Record<string, unknown> = { caller, correlation_id, address, signal, if_match };
  for (const name of definition.needs) lent[name] = grant(name, settled, call, scope, transaction);
  if (call.message) {
    const { id, attempt, time } = call.message;
    lent["message"] = { id, attempt, time };
  }
  if (call.attempt !== undefined) lent["attempt"] = call.attempt;
  return lent;
};

const grant = (
  name: GrantName,
  settled: Settled,
  call: Call,
  scope: Scope | null,
  transaction: Transaction,
): unknown => {
  switch (name) {
    case "sql":
      return scope?.sql;
    case "outbox":
      return scope?.outbox;
    case "transaction":
      return transaction;
    case "audit":
      return { note: (entry: AuditNote): void => void call.notes.push(entry) };
    case "rawBody":
      return call.rawBody;
    case "cookies":
      return call.cookies;
    case "vision":
    case "pictures":
      return settled.sight?.[name];
    case "objects":
    case "cache":
    case "keys":
    case "clock":
    case "ids":
      return settled[name];
  }
};

/** Names what is missing, all at once, before the first request. */
export const checkGrants = (catalogue: Catalogue, settled: Settled): void => {
  const faults = functionsOf(catalogue).flatMap(({ definition }) =>
    [...needsOfFunction(definition)]
      .filter((need) => settled[need] === undefined)
      .map((need) => `${definition.name} needs ${need}`),
  );
  if (faults.length > 0) throw new Error(`This process cannot lend what its functions need: ${faults.join("; ")}`);
};
