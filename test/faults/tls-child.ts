/** One round trip over one port, in a process of its own, because whom it trusts (`NODE_EXTRA_CA_CERTS`) is read once. */
import { connectBroker } from "#lib/broker/connect.ts";
import { connectCache } from "#lib/cache/connect.ts";
import { connectSql } from "#lib/db/connect.ts";
import { uuidv7 } from "#lib/ids.ts";
import { connectObjects } from "#lib/object-store/connect.ts";
import { fakeKeys } from "#test/contracts/adapters/fake-keys.ts";
import { queueOfTls } from "./tls-queue.ts";

const errors: string[] = [];
const on_error = (error: unknown): void => void errors.push(String(error));

const trips: Record<string, (url: string) => Promise<void>> = {
  broker: async (url) => {
    const broker = await connectBroker(url, { queues: [queueOfTls], on_error });
    await broker
      .publish([
        {
          specversion: "1.0",
          id: uuidv7(),
          source: "/tests",
          type: "tls.tried",
          time: new Date().toISOString(),
          datacontenttype: "application/json",
          dataschema: "/schemas/tls.tried/1",
          correlationid: "tls",
          data: {},
        },
      ])
      .finally(() => broker.close());
  },
  cache: async (url) => {
    const cache = await connectCache(url, { on_error });
    await cache.set("tls", "kept", { ttl_seconds: 5 });
    const kept = await cache.get("tls");
    const degraded = cache.degraded();
    await cache.close();
    if (degraded || !kept) throw new Error("nothing is remembered");
  },
  objects: async (url) => {
    const objects = await connectObjects(url, { keys: fakeKeys });
    await objects.put("clips", "tls", new Uint8Array(9), { content_type: "video/mp4" }).finally(() => objects.close());
  },
  database: async (url) => {
    const sql = connectSql(url, { max: 1 });
    await sql`select 1`.finally(() => sql.end({ timeout: 1 }));
  },
};

const [port = "", url = ""] = process.argv.slice(2);
try {
  await trips[port]?.(url);
  console.log("went");
} catch (error) {
  console.log([error, (error as Error).cause, ...errors].map(String).join(" | "));
}
