/** What named servers must have before anything starts: queues, buckets and their rules. Safe to repeat. */
import type { Addresses } from "./servers.ts";

type Say = (line: string) => void;

export const prepareServers = async (addresses: Addresses, public_url: string, say: Say): Promise<void> => {
  const { BROKER_URL, RABBITMQ_MANAGEMENT_URL, OBJECTS_URL } = addresses;
  if (RABBITMQ_MANAGEMENT_URL) await loadQueues(BROKER_URL, RABBITMQ_MANAGEMENT_URL, say);
  if (OBJECTS_URL?.startsWith("s3:")) await makeBuckets(OBJECTS_URL, public_url, say);
};

// Imported when they are needed: a start on this machine's own adapters does not wait for clients of servers.

const loadQueues = async (broker_url: string, management_url: string, say: Say): Promise<void> => {
  const [{ load }, { definitionsOf }, { catalogue }, { contracts }] = await Promise.all([
    import("#infra/rabbitmq/load.ts"),
    import("#infra/rabbitmq/definitions.ts"),
    import("#functions/catalogue.ts"),
    import("#infra/derive.ts"),
  ]);
  const vhost = decodeURIComponent(new URL(broker_url).pathname.slice(1)) || "/";
  for (const line of await load(management_url, vhost, definitionsOf(catalogue, contracts))) say(`RabbitMQ: ${line}.`);
};

const makeBuckets = async (objects_url: string, public_url: string, say: Say): Promise<void> => {
  const { mostDays, prepareObjects } = await import("#infra/s3/buckets.ts");
  const { fit, words } = await prepareObjects(objects_url, { public_url, most_days: mostDays });
  for (const line of words) say(`Objects: ${line}.`);
  if (!fit) throw new Error("This S3 may not be used; why is said above.");
};
