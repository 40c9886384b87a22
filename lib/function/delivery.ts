/** Running what nobody waits for: messages, planned times, frames. */
import { AppError } from "#lib/errors.ts";
import { CloudEvent } from "#lib/events.ts";
import type { HeldFrame } from "#lib/frames/frames.ts";
import { namedId } from "#lib/named-ids.ts";
import { answerOf, type Answer } from "./answer.ts";
import type { AnyFunction, CronFunction, FrameFunction, QueueFunction, Skipped } from "./define.ts";
import { appErrorOf } from "./faults.ts";
import type { Call, Entry, Scope, Settled } from "./grants.ts";
import { claimMessage, mustBeRemembered } from "./inbox.ts";
import { fieldErrors } from "./input.ts";
import { isTraceparent, newTraceparent } from "./peer.ts";
import { runFunction, withTimeout } from "./run.ts";

export const DELIVERY_SECONDS = 60;
const ADDRESS = "in-process";

export const deliverEvent = async (
  settled: Settled,
  entry: Entry<QueueFunction>,
  event: CloudEvent,
  attempt: number,
): Promise<void> => {
  const { definition } = entry;
  const data = readEvent(definition, event);
  mustBeRemembered(event.id, settled.clock());
  const cidade_id = event.cidadeid ?? null;
  const call = callOf(settled, entry, cidade_id === null ? [] : [cidade_id], event.correlationid, event.traceparent);
  call.message = { id: event.id, cidade_id, attempt, time: new Date(event.time) };
  call.claims = call.message;
  await runWithin(settled, entry, call, async (needs, scope) => {
    if (scope && !(await claimMessage(scope.sql, { id: event.id, cidade_id }, definition.name))) return;
    await definition.handle(data, needs as never);
  });
};

/** Consumers strip what they do not know; a version from the future waits for the upgrade that is under way. */
const readEvent = ({ name, queue }: QueueFunction, event: CloudEvent): Record<string, unknown> => {
  if (event.type !== queue.event.type) throw new AppError("final", `${name} does not take ${event.type}`);
  const version = Number(/\/(\d{1,4})$/.exec(event.dataschema)?.[1] ?? queue.event.version);
  if (version > queue.event.version) {
    throw new AppError("unavailable", `${name} does not know version ${version} of ${event.type} yet`, {
      reason: "event.version",
      retry_after_seconds: 60,
    });
  }
  const data = queue.event.data.safeParse(event.data);
  if (data.success) return data.data;
  const errors = fieldErrors(data.error, event.data);
  throw new AppError(
    "final",
    `The data of ${event.type} has the wrong form: ${errors.map(({ path, code }) => `${path} ${code}`).join(", ")}`,
  );
};

export const runCron = async (
  settled: Settled,
  entry: Entry<CronFunction>,
  planned_for: Date,
  correlation_id: string,
) => {
  const call = callOf(settled, entry, "all", correlation_id, undefined);
  await runWithin(settled, entry, call, (needs) => entry.definition.handle({ planned_for }, needs as never));
};

export const handleFrame = async (
  settled: Settled,
  entry: Entry<FrameFunction>,
  held: HeldFrame,
): Promise<void | Skipped> => {
  const call = callOf(settled, entry, [held.frame.cidade_id], held.frame.correlation_id, undefined);
  call.attempt = held.attempt;
  // The id is its sender's, whatever clock that has: the day of the claim must be one that there is.
  const { id, cidade_id, captured_at } = held.frame;
  call.claims = { id: namedId(captured_at, id), cidade_id };
  return runWithin(settled, entry, call, (needs) => entry.definition.handle(held.frame, needs as never));
};

const runWithin = <R>(
  settled: Settled,
  entry: Entry,
  call: Call,
  handle: (needs: Record<string, unknown>, scope: Scope | null) => Promise<R>,
): Promise<R> =>
  withTimeout(entry.definition.timeout_seconds ?? DELIVERY_SECONDS, (signal) =>
    runFunction(settled, entry, Object.assign(call, { signal }), { mode: "write", handle }),
  );

const callOf = (
  settled: Settled,
  { definition }: Entry,
  cities: readonly string[] | "all",
  correlation_id: string,
  traceparent: string | undefined,
): Call => ({
  caller: { kind: "system", id: definition.name, cities, permissions: [] },
  cities: definition.role === "gt_system" ? "all" : cities,
  correlation_id: correlation_id || settled.ids(),
  traceparent: traceparent && isTraceparent(traceparent) ? traceparent : newTraceparent(),
  address: ADDRESS,
  signal: AbortSignal.abort(),
  if_match: null,
  notes: [],
});

/** The answer of a run that throws or not; `failed` hears of the error for the log. */
export const answered = async (run: () => Promise<void>, failed: (error: AppError) => void): Promise<Answer> => {
  try {
    await run();
    return { done: true };
  } catch (thrown) {
    const error = appErrorOf(thrown);
    failed(error);
    return answerOf(error);
  }
};

export const parseEvent = (value: unknown): CloudEvent => {
  const event = CloudEvent.safeParse(value);
  if (event.success) return event.data;
  throw new AppError("final", "The message is not a CloudEvent of ours", { errors: fieldErrors(event.error, value) });
};

export const isQueue = (entry: Entry): entry is Entry<QueueFunction> => "queue" in entry.definition;
export const isCron = (entry: Entry): entry is Entry<CronFunction> => "cron" in entry.definition;
export const isFrames = (entry: Entry): entry is Entry<FrameFunction> => "frames" in entry.definition;
export const kindOf = (definition: AnyFunction): "http" | "queue" | "cron" | "frames" =>
  "http" in definition ? "http" : "queue" in definition ? "queue" : "cron" in definition ? "cron" : "frames";
