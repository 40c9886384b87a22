/**
 * What must exist in RabbitMQ before anybody publishes or consumes: loaded at deploy, never declared by a serving process
 * (a quorum queue that is killed within a second of its declaration loses what it has confirmed, and for good).
 *
 *   gt.events (direct) ── type ──▶ <queue> ── settled ──▶ <queue>.retry.1s │ .2s │ .4s │ .park ── after its TTL ──▶ <queue>
 *                                    └── crash guard, dead ──▶ <queue>.dlq
 *
 * What never changes is an argument, because those cannot be changed; what an operator may tune is a policy.
 */
import { PARK_SECONDS, RETRY_SECONDS, type QueueSpec } from "#lib/broker/broker.ts";

export const EXCHANGE = "gt.events";

export type Definitions = {
  exchanges: {
    name: string;
    type: "direct" | "topic";
    durable: true;
    auto_delete: false;
    internal: false;
    arguments: object;
  }[];
  queues: { name: string; durable: true; auto_delete: false; arguments: Record<string, string | boolean> }[];
  bindings: {
    source: string;
    destination: string;
    destination_type: "queue" | "exchange";
    routing_key: string;
    arguments: object;
  }[];
  policies: {
    name: string;
    pattern: string;
    "apply-to": "queues";
    priority: number;
    definition: Record<string, string | number>;
  }[];
};

export type TopologyOptions = {
  /** How long a second of delay is. Tests shorten it. */
  second_ms?: number;
  /** A message whose holder went away this often is dead-lettered: it may be what ends them. */
  delivery_limit?: number;
};

/** Restarts of a connector and cuts of a line count as well, so it is well above what a bad day brings. */
const DELIVERY_LIMIT = 20;
/** A queue that takes no more refuses the publisher, and the event stays in the outbox. */
const MAX_WAITING = 5_000_000;
/** RabbitMQ 4 drops what was returned 20 times where nothing is said, and looking into a queue of dead letters returns them. */
const NEVER = 1_000_000_000;

export const deadOf = (queue: string): string => `${queue}.dlq`;
const parkOf = (queue: string): string => `${queue}.park`;
const retryOf = (queue: string, seconds: number): string => `${queue}.retry.${seconds}s`;

/** The shortest wait that is not too short. */
export const delayQueueOf = (queue: string, seconds: number): string => {
  const level = RETRY_SECONDS.find((one) => one >= seconds);
  return level === undefined ? parkOf(queue) : retryOf(queue, level);
};

export type QueueNames = { work: string; retry: string[]; park: string | null; dead: string };

/** Where order is kept a message waits in the hand of its consumer, so that its successors do not overtake it. */
export const namesOf = ({ name, ordered }: QueueSpec): QueueNames => ({
  work: name,
  retry: ordered ? [] : RETRY_SECONDS.map((seconds) => retryOf(name, seconds)),
  park: ordered ? null : parkOf(name),
  dead: deadOf(name),
});

export const allNames = (spec: QueueSpec): string[] => {
  const { work, retry, park, dead } = namesOf(spec);
  return [work, ...retry, ...(park === null ? [] : [park]), dead];
};

export const exchange = (name: string, type: "direct" | "topic"): Definitions["exchanges"][number] => ({
  name,
  type,
  durable: true,
  auto_delete: false,
  internal: false,
  arguments: {},
});

export const quorumQueue = (name: string, further: Record<string, string | boolean> = {}) => ({
  name,
  durable: true as const,
  auto_delete: false as const,
  arguments: { "x-queue-type": "quorum", ...further },
});

export const binding = (
  source: string,
  destination: string,
  routing_key: string,
  destination_type: "queue" | "exchange" = "queue",
): Definitions["bindings"][number] => ({ source, destination, destination_type, routing_key, arguments: {} });

export const topologyOf = (specs: readonly QueueSpec[], options: TopologyOptions = {}): Definitions => ({
  exchanges: [exchange(EXCHANGE, "direct")],
  queues: specs.flatMap((spec) => {
    const { work, retry, park, dead } = namesOf(spec);
    const order = spec.ordered ? { "x-single-active-consumer": true } : {};
    const waits = park === null ? retry : [...retry, park];
    return [
      quorumQueue(work, { ...deadLettersTo(dead), ...order }),
      ...waits.map((name) => quorumQueue(name, deadLettersTo(work))),
      quorumQueue(dead),
    ];
  }),
  bindings: specs.flatMap(({ name, types }) => types.map((type) => binding(EXCHANGE, name, type))),
  policies: policies(options),
});

/** By the default exchange: it routes to the queue of that name. */
export const deadLettersTo = (queue: string) => ({ "x-dead-letter-exchange": "", "x-dead-letter-routing-key": queue });

/** Names of queues are `<context>.<function>`, of two words; what waits and what is dead has further ones. */
const policies = ({ second_ms = 1000, delivery_limit = DELIVERY_LIMIT }: TopologyOptions): Definitions["policies"] => {
  // At least once from queue to queue; that wants queues that refuse instead of dropping.
  const sure = { "dead-letter-strategy": "at-least-once", overflow: "reject-publish", "max-length": MAX_WAITING };
  const policy = (name: string, pattern: string, definition: Record<string, string | number>) => ({
    name,
    pattern,
    "apply-to": "queues" as const,
    priority: 10,
    definition,
  });
  return [
    policy("gt-work", "^[a-z]+\\.[a-z-]+$", { ...sure, "delivery-limit": delivery_limit }),
    ...RETRY_SECONDS.map((seconds) =>
      policy(`gt-retry-${seconds}s`, `\\.retry\\.${seconds}s$`, { ...sure, "message-ttl": seconds * second_ms }),
    ),
    policy("gt-park", "\\.park$", { ...sure, "message-ttl": PARK_SECONDS * second_ms }),
    policy("gt-dead", "\\.dlq$", { "delivery-limit": NEVER }),
  ];
};
