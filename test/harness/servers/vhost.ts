/** A virtual host of one's own in the RabbitMQ of the run, with its topology loaded as at a deploy. */
import { randomBytes } from "node:crypto";
import type { Definitions } from "#lib/broker/rabbitmq/topology.ts";

export type Vhost = {
  /** For a user that may declare nothing: what serves is what was loaded. */
  url: string;
  /** Empties every queue once nobody consumes any more. */
  purge(): Promise<void>;
  remove(): Promise<void>;
};

export const testVhost = async (
  server: { url: string; management_url: string },
  definitions: Definitions,
): Promise<Vhost> => {
  const api = managementOf(server.management_url);
  const name = `t${randomBytes(6).toString("hex")}`;
  const password = randomBytes(12).toString("hex");
  const admin = new URL(server.management_url).username;
  await api("PUT", `/vhosts/${name}`, {});
  await api("PUT", `/users/${name}`, { password, tags: "" });
  await api("PUT", `/permissions/${name}/${admin}`, { configure: ".*", write: ".*", read: ".*" });
  await api("PUT", `/permissions/${name}/${name}`, { configure: "^$", write: ".*", read: ".*" });
  await api("POST", `/definitions/${name}`, definitions);
  const url = new URL(server.url);
  url.username = name;
  url.password = password;
  url.pathname = `/${name}`;
  return {
    url: url.href,
    purge: async () => {
      for (const queue of definitions.queues) await api("DELETE", `/queues/${name}/${queue.name}/contents`);
    },
    remove: async () => {
      await api("DELETE", `/vhosts/${name}`);
      await api("DELETE", `/users/${name}`);
    },
  };
};

/** Speaks to the management API; a refusal is an error with the server's words. */
export const managementOf = (management_url: string) => {
  const base = new URL(management_url);
  const authorization = `Basic ${btoa(`${base.username}:${base.password}`)}`;
  return async (method: "GET" | "PUT" | "POST" | "DELETE", path: string, body?: object): Promise<unknown> => {
    const answer = await fetch(`${base.origin}/api${path}`, {
      method,
      headers: { authorization, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path} was answered ${answer.status}: ${text}`);
    return text === "" ? null : JSON.parse(text);
  };
};
