/**
 * A connector and a function in one process, over the work table with short leases. Says over IPC when it has begun a message,
 * goes on when told, and says whether its effect counted. Arguments: the address of gt_system, the queue, its event's type.
 */
import { once } from "node:events";
import { startDeliveries } from "#connector/deliver.ts";
import { connectBroker } from "#lib/broker/connect.ts";
import { connectSql } from "#lib/db/connect.ts";
import { withTenant } from "#lib/db/transaction.ts";
import { claimMessage } from "#lib/function/inbox.ts";
import { noLog } from "#lib/log.ts";

const [url = "", queue = "", type = ""] = process.argv.slice(2);
const LEASE_MS = 1500;
const tell = (word: object): Promise<void> => new Promise((resolve) => process.send?.(word, () => resolve()));

const sql = connectSql(url, { max: 4 });
const broker = await connectBroker("postgres:", {
  queues: [{ name: queue, types: [type], parallel: 1 }],
  sql,
  pace: { lease_ms: LEASE_MS, busy_ms: 20, idle_ms: 50 },
});
await startDeliveries({
  broker,
  queues: [{ name: queue, timeout_seconds: 600 }],
  log: noLog,
  deliver: async (_name, { id }) => {
    await tell({ begun: id });
    await once(process, "message");
    const counted = await withTenant(sql, "all", "write", (tx) =>
      claimMessage(tx, { id, cidade_id: null }, "cut-clip"),
    );
    await tell({ ended: id, counted });
    return { status: 204, final: false };
  },
});
await tell({ ready: true });
