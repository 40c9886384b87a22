/** Frames over RabbitMQ and Redis under the port's checks: a virtual host and a database number of their own. */
import { Redis } from "ioredis";
import { connectFrames } from "#lib/frames/connect.ts";
import type { Frames } from "#lib/frames/frames.ts";
import { turnsTopology } from "#lib/frames/rabbitmq/turns.ts";
import { testVhost, type Vhost } from "#test/harness/servers/vhost.ts";
import { consumers, type FramesBench } from "../frames.ts";

export type FramesServers = {
  consumers: readonly string[];
  url: string;
  slots_url: string;
  vhost: Vhost;
  beside: Redis;
  remove(): Promise<void>;
};

/** `slots_url`: with its database number. */
export const framesServers = async (
  broker: { url: string; management_url: string },
  slots_url: string,
  names: readonly string[] = consumers,
): Promise<FramesServers> => {
  const vhost = await testVhost(broker, { exchanges: [], bindings: [], ...turnsTopology(names) });
  const beside = new Redis(slots_url);
  // Some tests end this server.
  beside.on("error", () => undefined);
  const remove = async (): Promise<void> => {
    beside.disconnect();
    await vhost.remove();
  };
  return { consumers: names, url: vhost.url, slots_url, vhost, beside, remove };
};

export const rabbitmqFramesBench = async ({ url, slots_url, vhost, beside }: FramesServers): Promise<FramesBench> => {
  await beside.flushdb();
  const frames = await overServers({ consumers, url, slots_url });
  return {
    frames,
    // What waits has waited so much longer.
    pass: async (ms) => {
      for (const waiting of consumers.map((consumer) => `gt:frames:${consumer}:waiting`))
        for (const member of await beside.zrange(waiting, "0", "-1"))
          await beside.call("ZINCRBY", waiting, String(-ms), member);
    },
    close: async () => {
      await frames.close();
      await vhost.purge();
    },
  };
};

/** Of another process, as often as it is called. */
export const overServers = ({
  consumers: names,
  url,
  slots_url,
}: Pick<FramesServers, "consumers" | "url" | "slots_url">): Promise<Frames> =>
  connectFrames(url, {
    consumers: names,
    slots_url,
    max_waiting: 8,
    max_age_ms: 30_000,
    drain_ms: 20,
    // A test that fails says so itself.
    on_error: () => undefined,
  });
