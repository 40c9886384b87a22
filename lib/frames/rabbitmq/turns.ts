/**
 * The queues of turns, one for each consumer: who is served next. They carry no picture, only whose turn it is and which attempt. A classic queue
 * counts nothing, so the attempt is a header of ours: a turn that comes back from somebody's end is published anew.
 */
import type { ConsumeMessage } from "amqplib";
import type { Outgoing } from "#lib/broker/rabbitmq/message.ts";
import type { Definitions } from "#lib/broker/rabbitmq/topology.ts";
import type { Turn } from "./slots.ts";

/** No dot in them: policies for the queues of functions are about names that have one. */
const TURNS = "gt-frames";
export const queueOf = (consumer: string): string => `${TURNS}-${consumer.replaceAll(".", "-")}`;
const ATTEMPT = "gt-attempt";
/** A turn that was dropped is missed for as long as its frame would have waited. */
const MOST_TURNS = 10_000;

/** Part of what is loaded at a deploy. */
export const turnsTopology = (consumers: readonly string[]): Pick<Definitions, "queues" | "policies"> => ({
  queues: consumers.map((consumer) => ({
    name: queueOf(consumer),
    durable: true,
    auto_delete: false,
    arguments: { "x-queue-type": "classic" },
  })),
  policies: [
    {
      name: TURNS,
      pattern: `^${TURNS}-`,
      "apply-to": "queues",
      priority: 10,
      definition: { "max-length": MOST_TURNS, overflow: "drop-head" },
    },
  ],
});

/** Not persistent: a frame that waits may be lost, and its bytes are in memory too. */
export const messageOf = ({ consumer, lane, turn, attempt }: Turn, life_ms: number): Outgoing => ({
  exchange: "",
  key: queueOf(consumer),
  content: Buffer.from(lane),
  options: {
    mandatory: true,
    persistent: false,
    messageId: turn,
    expiration: String(life_ms),
    headers: { [ATTEMPT]: attempt },
  },
});

export const turnOf = (consumer: string, { content, properties }: ConsumeMessage): Turn => {
  const attempt: unknown = properties.headers?.[ATTEMPT];
  const { messageId } = properties as { messageId?: unknown };
  return {
    consumer,
    lane: String(content),
    turn: typeof messageId === "string" ? messageId : "",
    attempt: typeof attempt === "number" ? attempt : 1,
  };
};
