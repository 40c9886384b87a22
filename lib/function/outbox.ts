/** Events leave in the transaction of what caused them; the relay takes them from here. */
import type { TransactionSql } from "#lib/db/connect.ts";
import type { CloudEvent } from "#lib/events.ts";
import type { Outbox } from "./define.ts";

/** `source`: which context says it, e.g. `/streaming`. */
type Origin = { source: string; correlation_id: string; traceparent: string; ids: () => string; clock: () => Date };

/** `added` is called for each event with its type: the host counts them and wakes the relay after the commit. */
export const createOutbox = (sql: TransactionSql, origin: Origin, added: (type: string) => void): Outbox => ({
  async add(event, data, about = {}) {
    const parsed: Record<string, unknown> = event.data.parse(data);
    const ofData = typeof parsed["cidade_id"] === "string" ? parsed["cidade_id"] : null;
    await sql`
      insert into outbox (id, cidade_id, source, type, version, subject, partition_key, correlation_id, traceparent, data, created_at)
      values (${origin.ids()}, ${about.cidade_id ?? ofData}, ${origin.source}, ${event.type}, ${event.version}, ${about.subject ?? null},
        ${about.partition_key ?? null}, ${origin.correlation_id}, ${origin.traceparent}, ${sql.json(parsed as never)},
        ${origin.clock()})`;
    added(event.type);
  },
});

export type OutboxRow = {
  id: string;
  cidade_id: string | null;
  source: string;
  type: string;
  version: number;
  subject: string | null;
  partition_key: string | null;
  correlation_id: string;
  traceparent: string | null;
  data: Record<string, unknown>;
  created_at: Date;
};

export const dataSchemaOf = (type: string, version: number): string => `/schemas/${type}/${version}`;

/** What is published of a row. */
export const cloudEventOf = (row: OutboxRow): CloudEvent => ({
  specversion: "1.0",
  id: row.id,
  source: row.source,
  type: row.type,
  ...(row.subject === null ? {} : { subject: row.subject }),
  time: row.created_at.toISOString(),
  datacontenttype: "application/json",
  dataschema: dataSchemaOf(row.type, row.version),
  ...(row.cidade_id === null ? {} : { cidadeid: row.cidade_id }),
  correlationid: row.correlation_id,
  ...(row.traceparent === null ? {} : { traceparent: row.traceparent }),
  ...(row.partition_key === null ? {} : { partitionkey: row.partition_key }),
  data: row.data,
});
