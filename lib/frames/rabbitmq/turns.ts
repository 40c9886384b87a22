/**
 * The queue of turns: who is served next. It carries no picture, only whose turn it is and which attempt. A classic queue
 * counts nothing, so the attempt is a header of ours: a turn that comes back from somebody's end is published anew.
 */
import type { ConsumeMessage } from "amqplib";
import type { Outgoing } from "#lib/broker/rabbitmq/message.ts";
import type { Definitions } from "#lib/broker/rabbitmq/topology.ts";
import type { Turn } from "./slots.ts";

/** No dot in it: policies for the queues of functions are about names that have one. */
export const TURNS = "gt-frames";
const ATTEMPT = "gt-attempt";
/** A turn that was dropped is missed for as long as its frame would have waited. */
const MOST_TURNS = 10_000;

/** Part of what is loaded at a deploy. */
export const turnsTopology: Pick<Definitions, "queues" | "policies"> = {
  queues: [{ name: TURNS, durable: true, auto_delete: false, arguments: { "x-queue-type": "classic" } }],
  policies: [
    {
      name: TURNS,
      pattern: `^${TURNS}$`,
      "apply-to": "queues",
      priority: 10,
      definition: { "max-length": MOST_TURNS, overflow: "drop-head" },
    },
  ],
};

/** Not persistent: a frame that waits may be lost, and its bytes are in memory too. */
export const messageOf = ({ lane, turn, attempt }: Turn, life_ms: number): Outgoing => ({
  exchange: "",
  key: TURNS,
  content: Buffer.from(lane),
  options: {
    mandatory: true,
    persistent: false,
    messageId: turn,
    expiration: String(life_ms),
    headers: { [ATTEMPT]: attempt },
  },
});

export const turnOf = ({ content, properties }: ConsumeMessage): Turn => {
  const attempt: unknown = properties.headers?.[ATTEMPT];
  const { messageId } = properties as { messageId?: unknown };
  return {
    lane: String(content),
    turn: typeof messageId === "string" ? messageId : "",
    attempt: typeof attempt === "number" ? attempt : 1,
  };
};
