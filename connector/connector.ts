/** Relay, deliveries, schedule and frames together: the part of the one-process host, or a process of its own. */
import type { Broker, QueueDepth } from "#lib/broker/broker.ts";
import type { Sql } from "#lib/db/connect.ts";
import type { FrameCounts, Frames } from "#lib/frames/frames.ts";
import { noLog, type Log } from "#lib/log.ts";
import { startDeliveries, type Deliver, type DeliveryCounts, type RunPlanned } from "./deliver.ts";
import { startFrames, type DeliverFrame } from "./frames.ts";
import type { Plan } from "./plan.ts";
import { withLongWork } from "./long-work.ts";
import { OUTBOX_WATERMARK, watchRoom } from "./outbox-room.ts";
import { startRelay, type RelayCounts, type RelayPace } from "./relay.ts";
import { startScheduler } from "./schedule.ts";

export type ConnectorCounts = {
  outbox: RelayCounts;
  queues: QueueDepth[];
  /** Since the start, by queue. */
  deliveries: Record<string, DeliveryCounts>;
  /** Queues whose function is not asked at present, because it, or what it needs, is down. */
  spared: string[];
  /** By the function that looks at them. */
  frames: Record<string, FrameCounts>;
};
export type Connector = {
  /** After a commit that wrote events. */
  wake(): void;
  /** Stops taking, waits for what is in hand, gives back the rest. The broker stays the caller's to close. */
  stop(): Promise<void>;
  counts(): Promise<ConnectorCounts>;
};

/** `sql` logs in as gt_system. */
export const startConnector = async (parts: {
  sql: Sql;
  broker: Broker;
  frames: Frames;
  plan: Plan;
  /** Reaches a queue function, a cron function, and one that looks at frames. */
  deliver: Deliver;
  run: RunPlanned;
  deliverFrame: DeliverFrame;
  log?: Log;
  clock?: () => Date;
  pace?: Partial<RelayPace>;
  /** Events that may wait to be published. Default: `OUTBOX_WATERMARK`. */
  watermark?: number;
}): Promise<Connector> => {
  const { sql, frames, plan, deliver, run, deliverFrame } = parts;
  const log = parts.log ?? noLog;
  const on_error = (error: unknown): void => log.warn("The work table could not be reached", { error });
  const broker = await withLongWork(parts.broker, { sql, queues: plan.queues, on_error });
  const deliveries = await startDeliveries({ broker, queues: plan.queues, deliver, log });
  const analysing = await startFrames(frames, plan.frames, deliverFrame);
  const relay = startRelay({ sql, broker, log, ...(parts.pace ? { pace: parts.pace } : {}) });
  const room = watchRoom({ sql, watermark: parts.watermark ?? OUTBOX_WATERMARK, log });
  const clock = parts.clock ? { clock: parts.clock } : {};
  const scheduler = startScheduler({ sql, schedules: plan.schedules, run, log, ...clock });
  return {
    wake: relay.wake,
    stop: async () => {
      await Promise.all([relay.stop(), scheduler.stop(), room.stop()]);
      await Promise.all([deliveries.stop(), analysing.stop()]);
      await broker.close();
    },
    counts: async () => ({
      outbox: await relay.counts(),
      queues: await broker.depths(),
      deliveries: deliveries.counts(),
      spared: deliveries.spared(),
      frames: await frames.counts(),
    }),
  };
};
