/** What is counted and said of each request and each run. No query, header or body is ever written. */
import type { AppError } from "#lib/errors.ts";
import type { Log } from "#lib/log.ts";
import type { Metrics } from "#lib/metrics.ts";
import type { Entry } from "./grants.ts";
import { kindOf } from "./delivery.ts";

export type Observer = {
  request(seen: {
    method: string;
    route: string;
    entry: Entry | undefined;
    status: number;
    seconds: number;
    correlation_id: string;
    caller: string | undefined;
    error: AppError | undefined;
  }): void;
  run(
    entry: Entry,
    seen: {
      outcome: string;
      seconds: number;
      correlation_id: string;
      attempt: number;
      error: AppError | undefined;
      skipped: string | undefined;
    },
  ): void;
};

export const createObserver = (log: Log, metrics: Metrics): Observer => {
  const requests = metrics.counter("http_requests_total", "Requests answered, by route and status");
  const durations = metrics.histogram("http_request_duration_seconds", "Time to answer a request");
  const runs = metrics.counter("function_runs_total", "Runs of queue, cron and frame functions, by outcome");
  const runDurations = metrics.histogram(
    "function_run_duration_seconds",
    "Time of a run of a queue, cron or frame function",
  );
  return {
    request({ method, route, entry, status, seconds, correlation_id, caller, error }) {
      requests.add({ method, route, status });
      durations.observe(seconds, { method, route });
      const line = {
        context: entry?.context ?? "host",
        correlation_id,
        function: entry?.definition.name,
        method,
        route,
        status,
        ms: Math.round(seconds * 10_000) / 10,
        caller,
        ...faultFields(error, status),
      };
      if (status >= 500) log.error("request", line);
      else log.info("request", line);
    },
    run({ context, definition }, { outcome, seconds, correlation_id, attempt, error, skipped }) {
      runs.add({ function: definition.name, kind: kindOf(definition), outcome });
      runDurations.observe(seconds, { function: definition.name });
      const line = {
        context,
        correlation_id,
        function: definition.name,
        outcome,
        attempt,
        ms: Math.round(seconds * 10_000) / 10,
        skipped,
        ...faultFields(error, 500),
      };
      if (outcome === "failed" || outcome === "final") log.error("run", line);
      // Most pictures show nothing new.
      else if (outcome === "skipped") log.debug("run", line);
      else log.info("run", line);
    },
  };
};

/** The cause is for us alone; a refusal that the caller caused is no fault worth a stack. */
const faultFields = (error: AppError | undefined, status: number): Record<string, unknown> => {
  if (!error) return {};
  const fields = { code: error.code, reason: error.reason, fault: error.message };
  return status >= 500 ? { ...fields, stack: error.stack, cause: error.cause } : fields;
};
