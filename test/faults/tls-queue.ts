import type { QueueSpec } from "#lib/broker/broker.ts";

export const queueOfTls: QueueSpec = { name: "tests.tls", types: ["tls.tried"] };
