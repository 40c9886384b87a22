import type { Guard } from "./guard.ts";

const contract = ["test/contracts/broker.test.ts"];
const lines = ["test/faults/broker.test.ts"];
const itself = ["test/faults/broker-kill.test.ts"];

export const rabbitmq: readonly Guard[] = [
  {
    guards: "what RabbitMQ routes nowhere is refused, not swallowed",
    file: "lib/broker/rabbitmq/message.ts",
    find: "mandatory: true,",
    replace: "mandatory: false,",
    tests: lines,
    title: "missing binding",
  },
  {
    guards: "a confirm that never arrives is waited for 5 s, not for ever",
    file: "lib/broker/rabbitmq/publisher.ts",
    find: 'fail(unconfirmed("no answer"));',
    replace: "",
    tests: lines,
    title: "never arrives",
  },
  {
    guards: "what a broker refuses is not taken for published",
    file: "lib/broker/rabbitmq/publisher.ts",
    find: "if (error) reject(unconfirmed(error));",
    replace: "if (false) reject(unconfirmed(error));",
    tests: lines,
    title: "full refuses",
  },
  {
    guards: "a blocked broker refuses at once",
    file: "lib/broker/rabbitmq/publisher.ts",
    find: "if (reason !== null) throw blockedBy(reason);",
    replace: "",
    tests: itself,
    title: "an alarm",
  },
  {
    guards: "a channel that the server closed is opened again",
    file: "lib/broker/rabbitmq/link.ts",
    find: 'channel.once("close", resolve);',
    replace: "",
    tests: itself,
    title: "a channel that the server closes",
  },
  {
    guards: "an answer to what was held on an ended channel settles nothing",
    file: "lib/broker/rabbitmq/consumer.ts",
    find: "const isHeld = ({ live }: Taker, { channel }: Item): boolean => channel === live;",
    replace: "const isHeld = (_: Taker, { channel }: Item): boolean => channel !== null;",
    tests: contract,
    title: "broker: rabbitmq.*who settles after",
  },
  {
    guards: "a message is settled only after what follows it is confirmed",
    file: "lib/broker/rabbitmq/consumer.ts",
    find: "if (unrouted.length === 0) return true;",
    replace: "return true;",
    tests: ["lib/broker/rabbitmq/settling.test.ts"],
  },
  {
    guards: "what ended its holder is not held against its neighbours",
    file: "lib/broker/rabbitmq/window.ts",
    find: "if (suspects.length > 0) return",
    replace: "if (suspects.length < 0) return",
    tests: ["lib/broker/rabbitmq/window.test.ts"],
  },
  {
    guards: "a key's next message waits for the one before",
    file: "lib/broker/rabbitmq/window.ts",
    find: "if (busy.has(lane)) return false;",
    replace: "",
    tests: ["lib/broker/rabbitmq/window.test.ts"],
  },
  {
    guards: "what was settled has arrived before a suspect is treated",
    file: "lib/broker/rabbitmq/consumer.ts",
    find: "if (item.lapses > 0) await item.channel.checkQueue(spec.name).catch(() => undefined);",
    replace: "",
    tests: lines,
    title: "alone among the dead",
  },
  {
    guards: "a dead letter that was put back is dead no more",
    file: "lib/broker/rabbitmq/letters.ts",
    find: "channel.ack(batch.at(-1)!, true);",
    replace: "",
    tests: contract,
    title: "broker: rabbitmq.*redrive",
  },
  {
    guards: "what serves says which queues RabbitMQ lacks",
    file: "lib/broker/rabbitmq.ts",
    find: "if (names.length === 0) return;",
    replace: "if (names.length >= 0) return;",
    tests: ["infra/rabbitmq/load.test.ts"],
    title: "declares nothing",
  },
  {
    guards: "redrive: of a queue only those that were asked for (RabbitMQ)",
    file: "lib/broker/rabbitmq/letters.ts",
    find: "batch.filter(isWanted).slice(0, most - count)",
    replace: "batch.slice(0, most - count)",
    tests: contract,
    title: "broker: rabbitmq.*reason in common",
  },
];
