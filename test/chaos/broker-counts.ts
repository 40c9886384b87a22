/** What is in a broker's queues, whoever holds it: the port tells a process only of what it holds itself. */
import { planOf } from "#connector/plan.ts";
import { catalogue } from "#functions/catalogue.ts";
import { allNames, namesOf } from "#lib/broker/rabbitmq/topology.ts";
import type { Sql } from "#lib/db/connect.ts";
import { managementOf } from "#test/harness/servers/vhost.ts";
import type { ChaosSystem } from "./system.ts";

const plan = planOf(catalogue);

/** Dead letters are not counted. Long work waits in the work table, whoever else holds queues (`connector/long-work.ts`). */
export const waitingIn = async (
  { broker, management }: Pick<ChaosSystem["addresses"], "broker" | "management">,
  sql: Sql,
): Promise<Map<string, number>> => {
  const rows = await sql<
    { queue: string; count: number }[]
  >`select queue, count(*)::int as count from work group by queue`;
  const counts = new Map(rows.map(({ queue, count }) => [queue, count]));
  if (management === null) return counts;
  const vhost = new URL(broker).pathname.slice(1);
  const listed = (await managementOf(management)("GET", `/queues/${vhost}`)) as { name: string; messages?: number }[];
  const messages = new Map(listed.map((queue) => [queue.name, queue.messages ?? 0]));
  return new Map(
    plan.queues.map((spec) => {
      const names = allNames(spec).filter((name) => name !== namesOf(spec).dead);
      const held = names.reduce((sum, name) => sum + (messages.get(name) ?? 0), 0);
      return [spec.name, held + (counts.get(spec.name) ?? 0)];
    }),
  );
};
