/** A consumer that one kind of message ends, as a fault in native code would. Says what it has done over IPC. */
import { rabbitmqBroker } from "#lib/broker/rabbitmq.ts";
import { queues } from "#test/contracts/broker-bench.ts";

const [url = "", queue = ""] = process.argv.slice(2);
const broker = await rabbitmqBroker(url, { queues });
await broker.consume(queue, async ({ event }) => {
  if (event.data["name"] === "poison") process.kill(process.pid, "SIGKILL");
  // Said before it is settled: the next message may be the end.
  await new Promise((resolve) => process.send?.({ done: event.data["name"] }, resolve));
  return { done: true };
});
