/** What named servers must have before anything starts: queues, buckets and their rules. Safe to repeat. */
import type { Addresses } from "./servers.ts";

type Say = (line: string) => void;

export const prepareServers = async (addresses: Addresses, public_url: string, say: Say): Promise<void> => {
  const { BROKER_URL, FRAMES_URL, RABBITMQ_MANAGEMENT_URL, OBJECTS_URL } = addresses;
  const vhosts = new Set([BROKER_URL, FRAMES_URL].filter((url) => url.startsWith("amqp")).map(vhostOf));
  if (RABBITMQ_MANAGEMENT_URL) for (const vhost of vhosts) await loadQueues(vhost, RABBITMQ_MANAGEMENT_URL, say);
  if (OBJECTS_URL?.startsWith("s3:")) await makeBuckets(OBJECTS_URL, public_url, say);
};

// Imported when they are needed: a start on this machine's own adapters does not wait for clients of servers.

const loadQueues = async (vhost: string, management_url: string, say: Say): Promise<void> => {
  const [{ load }, { definitionsOf }, { catalogue }, { contracts }] = await Promise.all([
    import("#infra/rabbitmq/load.ts"),
    import("#infra/rabbitmq/definitions.ts"),
    import("#functions/catalogue.ts"),
    import("#infra/derive.ts"),
  ]);
  for (const line of await load(management_url, vhost, definitionsOf(catalogue, contracts))) say(`RabbitMQ: ${line}.`);
};

const makeBuckets = async (objects_url: string, public_url: string, say: Say): Promise<void> => {
  const { mostDays, prepareObjects } = await import("#infra/s3/buckets.ts");
  const { fit, words } = await prepareObjects(objects_url, { public_url, most_days: mostDays });
  for (const line of words) say(`Objects: ${line}.`);
  if (!fit) throw new Error("This S3 may not be used; why is said above.");
};

const vhostOf = (url: string): string => decodeURIComponent(new URL(url).pathname.slice(1)) || "/";
