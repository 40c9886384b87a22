/** The connector's counts as gauges, set when somebody reads them. */
import type { Metrics } from "#lib/metrics.ts";
import type { Connector } from "./connector.ts";

export const measure = (metrics: Metrics, connector: Pick<Connector, "counts">): void => {
  const messages = metrics.gauge("queue_messages", "Messages of a queue: waiting, held, parked or dead");
  const oldest = metrics.gauge("queue_oldest_seconds", "Age of the oldest message that is not done");
  const deliveries = metrics.gauge("queue_deliveries", "Deliveries since the start, by how they ended");
  const spared = metrics.gauge(
    "queue_spared",
    "1 while the function of a queue, or what it needs, is down and not asked",
  );
  const outbox = metrics.gauge("outbox_events", "Events that wait to be published, or were set aside");
  const outboxOldest = metrics.gauge("outbox_oldest_seconds", "Age of the oldest event that waits to be published");
  const frames = metrics.gauge(
    "frames",
    "Frames by the function that looks at them: waiting and held now; taken, evicted, expired and refused since the start",
  );
  metrics.collect(async () => {
    const counts = await connector.counts();
    for (const { queue, waiting, held, parked, dead, oldest_seconds } of counts.queues) {
      for (const [state, count] of Object.entries({ waiting, held, parked, dead }))
        messages.set(count, { queue, state });
      oldest.set(oldest_seconds, { queue });
      spared.set(counts.spared.includes(queue) ? 1 : 0, { queue });
    }
    for (const [queue, ended] of Object.entries(counts.deliveries))
      for (const [outcome, count] of Object.entries(ended)) deliveries.set(count, { queue, outcome });
    for (const [consumer, own] of Object.entries(counts.frames))
      for (const [state, count] of Object.entries(own)) frames.set(count, { function: consumer, state });
    outbox.set(counts.outbox.unpublished, { state: "waiting" });
    outbox.set(counts.outbox.refused, { state: "refused" });
    outboxOldest.set(counts.outbox.oldest_seconds);
  });
};
