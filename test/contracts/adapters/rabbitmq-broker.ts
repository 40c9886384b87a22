/** RabbitMQ under the broker's checks: each process over a line of its own, delays fifty times shorter. */
import { rabbitmqBroker } from "#lib/broker/rabbitmq.ts";
import { topologyOf } from "#lib/broker/rabbitmq/topology.ts";
import type { Broker, QueueSpec } from "#lib/broker/broker.ts";
import { startFaultProxy, type FaultProxy } from "#test/harness/fault-proxy.ts";
import { testVhost, type Vhost } from "#test/harness/servers/vhost.ts";
import type { BrokerBench } from "../broker-bench.ts";

const SECOND_MS = 20;
const LONGEST_DELAY_MS = 61_000;

export type RabbitmqBenches = { make(): Promise<BrokerBench>; remove(): Promise<void> };

/** One virtual host for all checks: queues that are declared and deleted all the time are what 3.10 is worst at. */
export const rabbitmqBenches = async (
  server: { url: string; management_url: string },
  queues: readonly QueueSpec[],
): Promise<RabbitmqBenches> => {
  const vhost = await testVhost(server, topologyOf(queues, { second_ms: SECOND_MS }));
  return { make: () => bench(vhost, queues), remove: () => vhost.remove() };
};

const bench = async (vhost: Vhost, queues: readonly QueueSpec[]): Promise<BrokerBench> => {
  const clock = fastClock();
  const processes: { broker: Broker; line: FaultProxy }[] = [];
  const target = new URL(vhost.url);
  const open = async (): Promise<Broker> => {
    const line = await startFaultProxy({ host: target.hostname, port: Number(target.port) });
    const broker = await rabbitmqBroker(line.through(vhost.url), {
      queues,
      clock: () => new Date(clock.now()),
      on_error: () => undefined,
      pace: { second_ms: SECOND_MS, drain_ms: 50 },
    });
    processes.push({ broker, line });
    return broker;
  };
  const broker = await open();
  const first = processes[0]!;
  let isSilent = false;
  return {
    broker,
    another: open,
    // Whoever falls silent keeps what it has until the broker misses its heartbeat.
    kill: async () => {
      isSilent = true;
      first.line.freeze();
    },
    lapse: async () => {
      for (const { line } of processes) line.reset();
    },
    pass: clock.pass,
    now: clock.now,
    watch_ms: 0,
    close: async () => {
      // Who has fallen silent would wait for an answer to its farewell.
      first.line.refuse(isSilent);
      if (isSilent) first.line.reset();
      await Promise.all(processes.map((one) => one.broker.close()));
      await Promise.all(processes.map(({ line }) => line.close()));
      await vhost.purge();
    },
  };
};

/** Runs by itself, fifty times as fast as any other. No delay is waited for longer than the longest there is. */
const fastClock = () => {
  const begin = performance.now();
  let skipped = 0;
  return {
    now: (): number =>
      Date.parse("2026-03-04T12:00:00.000Z") + ((performance.now() - begin) * 1000) / SECOND_MS + skipped,
    pass: async (ms: number): Promise<void> => {
      const waited = Math.min(ms, LONGEST_DELAY_MS);
      skipped += ms - waited;
      await new Promise((resolve) => setTimeout(resolve, (waited * SECOND_MS) / 1000));
    },
  };
};
