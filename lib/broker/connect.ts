import type { Sql } from "postgres";
import { connectSql } from "#lib/db/connect.ts";
import { AppError } from "#lib/errors.ts";
import type { Broker } from "#lib/broker/broker.ts";
import { postgresBroker, type PostgresBrokerOptions } from "#lib/broker/postgres.ts";
import { rabbitmqBroker } from "#lib/broker/rabbitmq.ts";

export type BrokerOptions = PostgresBrokerOptions & {
  /** A pool of `gt_system` to share; without it the broker opens its own and ends it with itself. */
  sql?: Sql;
};

/** `url` is `BROKER_URL`; its scheme chooses the adapter. */
export const connectBroker = async (url: string, options: BrokerOptions): Promise<Broker> => {
  const scheme = url.slice(0, url.indexOf(":") + 1);
  if (scheme === "amqp:" || scheme === "amqps:") {
    const { queues, clock, on_publish, on_error } = options;
    return rabbitmqBroker(url, {
      queues,
      ...(clock ? { clock } : {}),
      ...(on_publish ? { on_publish } : {}),
      ...(on_error ? { on_error } : {}),
    });
  }
  if (scheme !== "postgres:" && scheme !== "postgresql:")
    throw new AppError("internal", "BROKER_URL has an unknown scheme; there are: postgres:, amqp:, amqps:");
  if (options.sql) return postgresBroker(options.sql, options);
  const sql = connectSql(url, { max: 8, application_name: "gt-vision broker" });
  // Its database may be another than its callers': nothing of it can be within their transactions.
  const { publishWithin: _, ...broker } = postgresBroker(sql, options);
  const close = async (): Promise<void> => {
    await broker.close();
    await sql.end({ timeout: 5 });
  };
  return { ...broker, close };
};
