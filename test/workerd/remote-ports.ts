/**
 * Objects and cache of another process by HTTP, for the bundles of these tests: a worker has no folder and no memory of
 * its own, as it has none where the ports are S3 and Redis. What cannot travel (streams, subscriptions) is not offered;
 * no HTTP function takes it.
 */
import type { Cache } from "#lib/cache/cache.ts";
import type { ObjectStore } from "#lib/object-store/object-store.ts";
import { fromWire, toWire, type Asked } from "./wire.ts";

const remote =
  (url: string, port: Asked["port"]) =>
  (method: string) =>
  async (...args: unknown[]): Promise<unknown> => {
    const response = await fetch(url, { method: "POST", body: toWire({ port, method, args } satisfies Asked) });
    if (!response.ok) throw new Error(`${port}.${method} at ${url}: ${response.status} ${await response.text()}`);
    return fromWire(await response.text());
  };

const closing = { close: async (): Promise<void> => undefined };

const offered = <T>(url: string, port: Asked["port"], methods: readonly string[]): T => {
  const call = remote(url, port);
  return { ...Object.fromEntries(methods.map((method) => [method, call(method)])), ...closing } as T;
};

export const connectObjects = async (url: string): Promise<ObjectStore> =>
  offered(url, "objects", ["head", "get", "put", "delete", "list", "signedGet", "signedPut"]);

export const connectCache = async (url: string): Promise<Cache> =>
  offered(url, "cache", ["get", "set", "delete", "limit", "publish"]);
