/** A refusal leaves its row too, in a transaction of its own: the act's was rolled back or never begun. */
import { withTenant } from "#lib/db/transaction.ts";
import type { AppError } from "#lib/errors.ts";
import { writeAudit } from "./audit.ts";
import { sqlOf, type Settled } from "./grants.ts";
import type { Open } from "./exchange.ts";
import { auditRows } from "./run.ts";

/** 403 of every function, and 404 of the audited ones: asking for another city's things is worth knowing. */
export const refusalWriter =
  (settled: Settled) =>
  async ({ entry, caller, trace }: Open, error: AppError): Promise<void> => {
    if (!entry) return;
    const { definition } = entry;
    const matters = error.code === "forbidden" || (error.code === "not_found" && definition.audited === true);
    if (!matters) return;
    const who = caller ?? { kind: "anyone", id: "anyone", cities: [], permissions: [] };
    const { address, correlation_id } = trace;
    const notes = [{ details: { code: error.code, ...(error.reason ? { reason: error.reason } : {}) } }];
    try {
      await withTenant(sqlOf(settled, definition), "all", "write", (sql) =>
        writeAudit(
          sql,
          auditRows(settled, definition.name, { caller: who, address, correlation_id, notes }, "refused"),
        ),
      );
    } catch (fault) {
      // The caller is refused either way.
      settled.log.error("refusal not written", {
        function: definition.name,
        correlation_id: trace.correlation_id,
        fault,
      });
    }
  };
