/** One run of one function: its tenant transaction, what is claimed and written in it, its time. */
import { withTenant } from "#lib/db/transaction.ts";
import { AppError } from "#lib/errors.ts";
import { writeAudit, type AuditRow } from "./audit.ts";
import { lend, runsInTransaction, sqlOf, type Call, type Entry, type Scope, type Settled } from "./grants.ts";
import { claimMessage } from "./inbox.ts";
import { createOutbox } from "./outbox.ts";

export type Work<R> = {
  mode: "read" | "write";
  /** `scope`: the transaction that `handle` runs in, if it runs in one. */
  handle(needs: Record<string, unknown>, scope: Scope | null): Promise<R>;
};

export const runFunction = async <R>(settled: Settled, entry: Entry, call: Call, work: Work<R>): Promise<R> => {
  const { definition } = entry;
  let written = false;
  const inTransaction = <T>(mode: "read" | "write", inside: (scope: Scope) => Promise<T>, atEnd: () => boolean) =>
    tenantTransaction(settled, entry, call, mode, inside, atEnd).then((result) => {
      written ||= atEnd();
      return result;
    });
  const transaction = <T>(inside: (tx: Scope & { once(): Promise<boolean> }) => Promise<T>): Promise<T> =>
    inTransaction(
      "write",
      (scope) => inside({ ...scope, once: onceOf(scope, call, definition.name) }),
      () => call.notes.length > 0,
    );

  if (runsInTransaction(definition)) {
    return inTransaction(
      work.mode,
      (scope) => work.handle(lend(settled, definition, call, scope, transaction), scope),
      () => definition.audited === true,
    );
  }
  const result = await work.handle(lend(settled, definition, call, null, transaction), null);
  if (definition.audited && (!written || call.notes.length > 0)) {
    await inTransaction(
      "write",
      async () => undefined,
      () => true,
    );
  }
  return result;
};

const tenantTransaction = async <R>(
  settled: Settled,
  entry: Entry,
  call: Call,
  mode: "read" | "write",
  inside: (scope: Scope) => Promise<R>,
  audits: () => boolean,
): Promise<R> => {
  const { definition, context } = entry;
  const notedBefore = [...call.notes];
  let events: string[] = [];
  const result = await withTenant(sqlOf(settled, definition), call.cities, mode, async (sql) => {
    // Work that lost to another transaction runs again from here.
    call.notes.splice(0, call.notes.length, ...notedBefore);
    events = [];
    const origin = { source: `/${context}`, correlation_id: call.correlation_id, traceparent: call.traceparent };
    const outbox = createOutbox(sql, { ...origin, ids: settled.ids, clock: settled.clock }, (type) =>
      events.push(type),
    );
    const answer = await inside({ sql, outbox });
    // Its caller was told that it failed: it must not have happened.
    call.signal.throwIfAborted();
    if (definition.audited && audits()) await writeAudit(sql, auditRows(settled, definition.name, call, "done"));
    return answer;
  });
  call.notes.length = 0;
  if (events.length > 0) settled.onEvents(events);
  return result;
};

export const auditRows = (
  settled: Settled,
  action: string,
  call: Pick<Call, "caller" | "address" | "correlation_id"> & { notes: readonly AuditRow["note"][] },
  result: "done" | "refused",
): AuditRow[] => {
  const { caller, address, correlation_id } = call;
  const notes = call.notes.length === 0 ? [null] : call.notes;
  return notes.map((note) => ({
    id: settled.ids(),
    at: settled.clock(),
    caller,
    action,
    note,
    result,
    address,
    correlation_id,
  }));
};

const onceOf =
  ({ sql }: Scope, { claims }: Call, name: string) =>
  async (): Promise<boolean> => {
    if (!claims) throw new AppError("internal", `${name} has no message to claim`);
    return claimMessage(sql, claims, name);
  };

/**
 * Answers at the limit, whatever the work does. A transaction of the work stays open until the work has really ended and
 * is then rolled back: a late statement must never run in somebody else's transaction.
 */
export const withTimeout = async <R>(seconds: number, work: (signal: AbortSignal) => Promise<R>): Promise<R> => {
  const controller = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new AppError("unavailable", "It took too long", { reason: "timeout", retry_after_seconds: 5 });
      controller.abort(error);
      reject(error);
    }, seconds * 1000);
  });
  try {
    return await Promise.race([work(controller.signal), late]);
  } finally {
    clearTimeout(timer);
  }
};
