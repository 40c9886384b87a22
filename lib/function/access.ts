/** Who is calling: a session's access token, an agent's own token, a camera's key. Asked of the database ≤ 30 s ago. */
import { AppError } from "#lib/errors.ts";
import type { Sql } from "#lib/db/connect.ts";
import { withTenant } from "#lib/db/transaction.ts";
import type { AccessClaims, Keys } from "#lib/secrets/keys.ts";
import { TOKEN_LIMIT_BYTES, verifyAgentToken } from "#lib/secrets/tokens.ts";
import type { Access, Caller, CityGrant } from "./define.ts";
import { shortMemory } from "./short-memory.ts";

export const REMEMBERED_SECONDS = 30;

export type AgentIdentity = { agent_id: string; cidade_id: string };

export type Identifier = {
  /** Throws `unauthorized`. `pathKey`: a camera's key where the maker's form can send no header. */
  callerOf(access: Access, authorization: string | null, pathKey?: string): Promise<Caller>;
  /** For the gateway: the same check for a control connection. Throws `unauthorized`. */
  agentOf(authorization: string | null | undefined): Promise<AgentIdentity>;
};

const anyone: Caller = { kind: "anyone", id: "anyone", cities: [], permissions: [] };

/** `system` is the connection of gt_system: these questions come before a city is known. */
export const createIdentifier = (needs: { keys?: Keys; system?: Sql; clock: () => Date }): Identifier => {
  const users = userReader(needs);
  const agents = agentReader(needs);
  const cameras = cameraReader(needs);
  return {
    async callerOf(access, authorization, pathKey) {
      if (access === "anyone") return anyone;
      if (access === "camera") return cameras(pathKey ?? bearer(authorization));
      if (access === "agent") {
        const { agent_id, cidade_id } = await agents(bearer(authorization));
        return { kind: "agent", id: agent_id, cities: [cidade_id], permissions: [] };
      }
      return users(bearer(authorization));
    },
    agentOf: async (authorization) => agents(bearer(authorization ?? null)),
  };
};

/**
 * The caller with the cities in which the permission holds: a role in one city says nothing about another. Throws
 * `forbidden`. Apart from finding out who it is, so that the refusal can say who was refused.
 */
export const allowedCaller = (caller: Caller, access: Access): Caller => {
  if (typeof access === "string") return caller;
  const { permission } = access;
  const held = (caller.grants ?? []).filter(({ permissions }) => permissions.includes(permission));
  if (held.length === 0) {
    throw new AppError("forbidden", "This needs a permission that you do not hold", {
      reason: "access.permission",
      params: { permission },
    });
  }
  const cities = citiesOf(held);
  if (access.cities === "all" && cities !== "all") {
    throw new AppError("forbidden", "This needs a role that holds in every city", { reason: "access.all_cities" });
  }
  return { ...caller, cities };
};

const citiesOf = (grants: readonly CityGrant[]): Caller["cities"] =>
  grants.some(({ cidade_id }) => cidade_id === null)
    ? "all"
    : [...new Set(grants.flatMap(({ cidade_id }) => cidade_id ?? []))];

const userReader = ({ keys, system, clock }: { keys?: Keys; system?: Sql; clock: () => Date }) => {
  const known = shortMemory<Caller>(clock, REMEMBERED_SECONDS);
  return async (token: string): Promise<Caller> => {
    const there = known.get(token);
    if (there) return there;
    if (!keys || !system) throw new AppError("internal", "Sessions need keys and the system's connection");
    const claims = await keys.verifyAccessToken(token);
    const grants = await readGrants(system, claims, clock());
    if (!grants) throw new AppError("unauthorized", "The session has ended", { reason: "session.ended" });
    const permissions = [...new Set(grants.flatMap((grant) => grant.permissions))];
    const caller: Caller = {
      kind: "user",
      id: claims.sub,
      cities: citiesOf(grants),
      permissions,
      grants,
      session_id: claims.sid,
    };
    known.set(token, caller, expiryOf(token));
    return caller;
  };
};

/** `null`: the session has ended or the user was changed since. */
const readGrants = (system: Sql, { sub, sid, sv }: AccessClaims, now: Date): Promise<CityGrant[] | null> =>
  withTenant(system, "all", "read", async (sql) => {
    const [session] = await sql`
      select 1 from sessions s join users u on u.id = s.user_id
      where s.id = ${sid} and u.id = ${sub} and u.is_active and u.session_version = ${sv}
        and s.revoked_at is null and s.expires_at > ${now}`;
    if (!session) return null;
    return sql<CityGrant[]>`
      select ur.cidade_id, r.permissions from user_roles ur join roles r on r.id = ur.role_id where ur.user_id = ${sub}`;
  });

/** Of a token that was verified a moment ago: it must not be remembered past its own end. */
const expiryOf = (token: string): Date => {
  const { exp } = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as { exp: number };
  return new Date(exp * 1000);
};

type Agent = AgentIdentity & { public_key: Record<string, unknown> };

const agentReader = ({ system, clock }: { system?: Sql; clock: () => Date }) => {
  // Also who is not there, so that made-up ids cost one question in 30 s each.
  const agents = shortMemory<Agent | null>(clock, REMEMBERED_SECONDS);
  const tokens = shortMemory<AgentIdentity>(clock, REMEMBERED_SECONDS);
  const read = async (id: string): Promise<Agent | null> => {
    const there = agents.get(id);
    if (there !== undefined) return there;
    if (!system) throw new AppError("internal", "Agents need the system's connection");
    const found = await withTenant(
      system,
      "all",
      "read",
      (sql) => sql<Agent[]>`
        select id as agent_id, cidade_id, public_key from agents
        where id = ${id} and is_active and public_key is not null`,
    );
    agents.set(id, found[0] ?? null);
    return found[0] ?? null;
  };
  return async (token: string): Promise<AgentIdentity> => {
    const there = tokens.get(token);
    if (there) return there;
    const { agent_id, expires_at } = await verifyAgentToken(
      token,
      async (id) => (await read(id))?.public_key ?? null,
      clock(),
    );
    const agent = await read(agent_id);
    if (!agent) throw new AppError("unauthorized", "The agent is not known", { reason: "token.invalid" });
    const identity = { agent_id, cidade_id: agent.cidade_id };
    tokens.set(token, identity, expires_at);
    return identity;
  };
};

const cameraReader = ({ system, clock }: { system?: Sql; clock: () => Date }) => {
  const known = shortMemory<Caller | null>(clock, REMEMBERED_SECONDS);
  return async (key: string): Promise<Caller> => {
    const hash = await sha256Hex(key);
    let caller = known.get(hash);
    if (caller === undefined) {
      if (!system) throw new AppError("internal", "Cameras need the system's connection");
      const [found] = await withTenant(
        system,
        "all",
        "read",
        (sql) => sql<{ camera_id: string; cidade_id: string }[]>`
          select k.camera_id, k.cidade_id from camera_keys k
          join cameras c on c.cidade_id = k.cidade_id and c.id = k.camera_id
          where k.key_hash = ${hash} and k.revoked_at is null and c.is_active`,
      );
      caller = found ? { kind: "camera", id: found.camera_id, cities: [found.cidade_id], permissions: [] } : null;
      known.set(hash, caller);
    }
    // Unknown key, revoked key, deactivated camera: one and the same answer.
    if (!caller) throw new AppError("unauthorized", "The key is not valid", { reason: "token.invalid" });
    return caller;
  };
};

const bearer = (authorization: string | null): string => {
  const token = /^Bearer ([\w.~+/=-]+)$/i.exec(authorization ?? "")?.[1];
  if (!token) throw new AppError("unauthorized", "Who is calling is not said", { reason: "token.missing" });
  if (token.length > TOKEN_LIMIT_BYTES)
    throw new AppError("unauthorized", "The token is not valid", { reason: "token.invalid" });
  return token;
};

export const sha256Hex = async (input: string | Uint8Array): Promise<string> => {
  const bytes = typeof input === "string" ? new TextEncoder().encode(input) : input;
  return Buffer.from(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>)).toString("hex");
};
