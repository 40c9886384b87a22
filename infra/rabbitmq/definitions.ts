/** Everything that RabbitMQ must hold: the connector's queues from the catalogue, and the exchanges and queues the client named. */
import { planOf } from "#connector/plan.ts";
import {
  binding,
  deadLettersTo,
  deadOf,
  exchange,
  EXCHANGE,
  quorumQueue,
  topologyOf,
  type Definitions,
} from "#lib/broker/rabbitmq/topology.ts";
import type { EventType } from "#lib/events.ts";
import { turnsTopology } from "#lib/frames/rabbitmq/turns.ts";
import type { Catalogue } from "#lib/function/define.ts";
import type { Contracts } from "#lib/function/derive/names.ts";

/** Of a context's events, beside ours: for programs that are not part of this system. */
const namedExchanges = { streaming: "streaming.events", cidades: "camera_events", ai: "vision_events" } as const;
const namedQueues: readonly { name: string; from: string; keys: readonly string[] }[] = [
  { name: "recordings", from: "streaming.events", keys: ["recording.*"] },
  { name: "clips", from: "streaming.events", keys: ["clip.*"] },
  { name: "cleanup", from: "streaming.events", keys: ["recording.stopped"] },
  { name: "provisioning", from: "camera_events", keys: ["camera.created", "camera.deleted"] },
  { name: "reconfiguration", from: "camera_events", keys: ["camera.updated", "city.storage_plan_changed"] },
];

const WEEK_MS = 7 * 24 * 3600 * 1000;
/** Nobody may be reading them: what is not read in a week, or is one too many, makes room. */
const NAMED_AT_MOST = 100_000;

export const definitionsOf = (catalogue: Catalogue, contracts: Contracts): Definitions => {
  const plan = planOf(catalogue);
  const own = topologyOf(plan.queues);
  const turns = turnsTopology(plan.frames.map((one) => one.function));
  return {
    exchanges: [...own.exchanges, ...Object.values(namedExchanges).map((name) => exchange(name, "topic"))],
    queues: [
      ...own.queues,
      ...turns.queues,
      ...namedQueues.flatMap(({ name }) => [quorumQueue(name, deadLettersTo(deadOf(name))), quorumQueue(deadOf(name))]),
    ],
    bindings: [
      ...own.bindings,
      ...Object.entries(namedExchanges).flatMap(([context, name]) =>
        typesOf(contracts, context).map((type) => binding(EXCHANGE, name, type, "exchange")),
      ),
      ...namedQueues.flatMap(({ name, from, keys }) => keys.map((key) => binding(from, name, key))),
    ],
    policies: [
      ...own.policies,
      ...turns.policies,
      {
        name: "gt-named",
        pattern: `^(${namedQueues.map(({ name }) => name).join("|")})(\\.dlq)?$`,
        "apply-to": "queues",
        priority: 20,
        definition: {
          "max-length": NAMED_AT_MOST,
          overflow: "drop-head",
          "message-ttl": WEEK_MS,
          "delivery-limit": 20,
        },
      },
    ],
  };
};

const typesOf = (contracts: Contracts, context: string): string[] =>
  Object.values(contracts[context]?.exports ?? {})
    .filter(
      (value): value is EventType =>
        typeof value === "object" && value !== null && "version" in value && "type" in value,
    )
    .map(({ type }) => type)
    .toSorted();

/** As the broker reads it at its start (`load_definitions`); the management interface heeds its own virtual host instead. */
export const definitionsText = (definitions: Definitions, vhost = "/"): string => {
  const there = <T extends object>(all: readonly T[]) => all.map((one) => ({ vhost, ...one }));
  return JSON.stringify({
    vhosts: [{ name: vhost }],
    policies: there(definitions.policies),
    exchanges: there(definitions.exchanges),
    queues: there(definitions.queues),
    bindings: there(definitions.bindings),
  });
};
