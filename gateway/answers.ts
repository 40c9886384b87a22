/** What the gateway asks, answered from the database and the keys: who holds a ticket, what a stream token allows. */
import type { CityGrant } from "#lib/function/define.ts";
import type { Sql } from "#lib/db/connect.ts";
import { withTenant } from "#lib/db/transaction.ts";
import type { Keys } from "#lib/secrets/keys.ts";
import { redeemTicket, renewHolder, type TicketHolder } from "#functions/admin/tickets.ts";
import { verifyStreamToken } from "#functions/streaming/stream-tokens.ts";
import type { ConsoleSession, GatewayNeeds } from "./needs.ts";

/** A camera is not given to another city: what was true a minute ago may be believed. */
const BELIEVED_MS = 60_000;

type Answers = Pick<GatewayNeeds, "redeemTicket" | "renewSession" | "liveGrantOf" | "cameraInCity" | "cities">;

/** `system` logs in as gt_system: a ticket comes before a city is known. */
export const gatewayAnswers = (system: Sql, keys: Keys, clock: () => Date): Answers => {
  const known = new Map<string, number>();
  return {
    redeemTicket: async (ticket) => sessionOf(await redeemTicket(system, ticket, clock())),
    renewSession: async (session_id) => sessionOf(await renewHolder(system, session_id, clock())),
    liveGrantOf: (token) => verifyStreamToken(keys, token, clock()),
    async cameraInCity(cidade_id, camera_id) {
      const key = `${cidade_id} ${camera_id}`;
      if ((known.get(key) ?? 0) > clock().getTime()) return true;
      const rows = await withTenant(
        system,
        [cidade_id],
        "read",
        (sql) => sql`select 1 from camera_directory where cidade_id = ${cidade_id} and camera_id = ${camera_id}`,
      );
      if (rows.length === 0) return false;
      known.set(key, clock().getTime() + BELIEVED_MS);
      return true;
    },
    async cities() {
      const rows = await withTenant(system, "all", "read", (sql) => sql<{ id: string }[]>`select id from cidades`);
      return rows.map(({ id }) => id);
    },
  };
};

const sessionOf = (holder: TicketHolder | null): ConsoleSession | null =>
  holder && {
    session_id: holder.session_id,
    user_id: holder.user_id,
    cities: holder.cities,
    may: (permission, cidade_id) => holder.grants.some((grant) => holds(grant, permission, cidade_id)),
  };

const holds = (grant: CityGrant, permission: string, cidade_id: string): boolean =>
  (grant.cidade_id === null || grant.cidade_id === cidade_id) && grant.permissions.includes(permission);
