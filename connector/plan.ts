/** What the catalogue asks of the connector: queues, schedules and frames, under the name `<context>.<function>`. */
import type { QueueSpec } from "#lib/broker/broker.ts";
import type { Catalogue } from "#lib/function/define.ts";
import type { DeliveredQueue } from "./deliver.ts";
import type { FrameFunction } from "./frames.ts";
import type { Schedule } from "./schedule.ts";

export type Plan = { queues: (QueueSpec & DeliveredQueue)[]; schedules: Schedule[]; frames: FrameFunction[] };

const DEFAULT_TIMEOUT_SECONDS = 60;

export const planOf = (catalogue: Catalogue): Plan => {
  const plan: Plan = { queues: [], schedules: [], frames: [] };
  for (const [context, functions] of Object.entries(catalogue))
    for (const definition of Object.values(functions)) {
      const name = `${context}.${definition.name}`;
      const timeout_seconds = definition.timeout_seconds ?? DEFAULT_TIMEOUT_SECONDS;
      if ("queue" in definition) {
        const { event, parallel, ordered } = definition.queue;
        const how = { ...(parallel === undefined ? {} : { parallel }), ...(ordered === undefined ? {} : { ordered }) };
        plan.queues.push({ name, types: [event.type], timeout_seconds, ...how });
      } else if ("cron" in definition) plan.schedules.push({ function: name, timeout_seconds, ...definition.cron });
      else if ("frames" in definition) plan.frames.push({ function: name, timeout_seconds, ...definition.frames });
    }
  return plan;
};
