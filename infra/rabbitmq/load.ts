/**
 * Loads the topology into a RabbitMQ, at each deploy and before the new version starts:
 *
 *   RABBITMQ_MANAGEMENT_URL=http://user:password@host:15672 node infra/rabbitmq/load.ts [--vhost NAME]
 *
 * What is there stays as it is, with its messages. What the definitions know no more is told and left alone.
 */
import { parseArgs } from "node:util";
import * as z from "zod";
import { catalogue } from "#functions/catalogue.ts";
import { contracts } from "#infra/derive.ts";
import type { Definitions } from "#lib/broker/rabbitmq/topology.ts";
import { readEnvironment } from "#lib/environment.ts";
import { definitionsOf } from "./definitions.ts";

type Api = (method: "GET" | "PUT" | "POST", path: string, body?: object) => Promise<unknown>;
type Queue = { name: string; messages?: number };

/** Answers what to tell. */
export const load = async (management_url: string, vhost: string, definitions: Definitions): Promise<string[]> => {
  const api = managementOf(management_url);
  const place = encodeURIComponent(vhost);
  await api("PUT", `/vhosts/${place}`, {});
  const user = encodeURIComponent(decodeURIComponent(new URL(management_url).username));
  await api("PUT", `/permissions/${place}/${user}`, { configure: ".*", write: ".*", read: ".*" });
  await api("POST", `/definitions/${place}`, definitions);
  const there = (await api("GET", `/queues/${place}`)) as Queue[];
  const wanted = new Set(definitions.queues.map(({ name }) => name));
  const leftOver = there.filter(({ name }) => !wanted.has(name));
  return [
    `${definitions.queues.length} queues, ${definitions.exchanges.length} exchanges and ${definitions.policies.length} policies are in ${vhost}`,
    ...leftOver.map(({ name, messages }) => `${name} is in no definition any more and holds ${told(messages)}`),
  ];
};

/** Not counted yet, or by a broker that collects no figures. */
const told = (messages: number | undefined): string =>
  messages === undefined ? "an unknown number of messages" : `${messages} messages`;

const managementOf = (management_url: string): Api => {
  const base = new URL(management_url);
  const secret = `${decodeURIComponent(base.username)}:${decodeURIComponent(base.password)}`;
  const authorization = `Basic ${Buffer.from(secret).toString("base64")}`;
  return async (method, path, body) => {
    const answer = await fetch(`${base.origin}/api${path}`, {
      method,
      headers: { authorization, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`RabbitMQ answered ${answer.status} to ${method} ${path}: ${text.slice(0, 500)}`);
    return text === "" ? null : JSON.parse(text);
  };
};

if (import.meta.main) {
  const { RABBITMQ_MANAGEMENT_URL } = readEnvironment(z.object({ RABBITMQ_MANAGEMENT_URL: z.url() }));
  const { values } = parseArgs({ options: { vhost: { type: "string", default: "/" } } });
  const told = await load(RABBITMQ_MANAGEMENT_URL, values.vhost, definitionsOf(catalogue, contracts));
  process.stdout.write(`${told.join("\n")}\n`);
}
