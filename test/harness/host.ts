/**
 * A host over a database of its own, for the tests of functions:
 *
 *     const host = await testHost({ streaming: { "create-clip": createClip } });   // beforeAll
 *     const city = await host.city();
 *     const operator = await host.as(["clips.create"], [city.id]);
 *     const answer = await operator.post("/api/clips", { … });                      // { status, body, headers }
 *     await host.close();                                                           // afterAll
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exportJWK } from "jose/key/export";
import { SignJWT } from "jose/jwt/sign";
import { connectCache } from "#lib/cache/connect.ts";
import { withTenant } from "#lib/db/transaction.ts";
import type { CloudEvent, EventType } from "#lib/events.ts";
import type { Answer } from "#lib/function/answer.ts";
import { sha256Hex } from "#lib/function/access.ts";
import type { Catalogue } from "#lib/function/define.ts";
import { createHost, type HostOptions } from "#lib/function/host.ts";
import { cloudEventOf, type OutboxRow } from "#lib/function/outbox.ts";
import type { Permission } from "#lib/function/permissions.ts";
import { uuidv7 } from "#lib/ids.ts";
import { createLog } from "#lib/log.ts";
import { connectObjects } from "#lib/object-store/connect.ts";
import { objectRoutes } from "#lib/object-store/routes.ts";
import { newMaterial, type Material } from "#lib/secrets/material.ts";
import { keysFrom } from "#lib/secrets/key-rings.ts";
import { blindSight } from "#lib/vision/blind.ts";
import { testDatabase, type TestDatabase } from "./database.ts";

// oxlint-disable-next-line typescript/no-explicit-any -- a test asserts on what came, whatever its type
export type TestAnswer<T = any> = { status: number; body: T; headers: Headers };
export type TestClient = {
  /** Of the user, agent or camera behind it. */
  id: string;
  authorization: string;
  get(path: string, headers?: Record<string, string>): Promise<TestAnswer>;
  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<TestAnswer>;
  put(path: string, body?: unknown, headers?: Record<string, string>): Promise<TestAnswer>;
  patch(path: string, body: unknown, headers?: Record<string, string>): Promise<TestAnswer>;
  delete(path: string, headers?: Record<string, string>): Promise<TestAnswer>;
};

/** RSA keys take a while to make: one set per test process. */
const shared: { material?: Promise<Material> } = {};
export const testMaterial = (): Promise<Material> => (shared.material ??= newMaterial(new Date()));

export const SYSTEM_TOKEN = "system-token-of-the-tests-0123456789";

/** `database`: another than a copy of its own; closed with the host all the same. */
export type TestHostOptions = Partial<Omit<HostOptions, "catalogue">> & { database?: TestDatabase };

export const testHost = async (catalogue: Catalogue, options: TestHostOptions = {}) => {
  const database = options.database ?? (await testDatabase());
  const folder = mkdtempSync(join(tmpdir(), "gt-host-"));
  const clock = options.grants?.clock ?? (() => new Date());
  const keys = keysFrom(await testMaterial(), clock);
  const cache = await connectCache("memory:");
  const objects = await connectObjects(`file:${folder}`, { keys });
  const host = createHost({
    system_token: SYSTEM_TOKEN,
    // A fault of ours inside a test is worth reading.
    log: createLog({ context: "test", level: "error", write: (line) => void process.stderr.write(line) }),
    ...options,
    routes: [objectRoutes(objects, keys, clock), ...(options.routes ?? [])],
    catalogue,
    grants: {
      sql: database.app,
      system: database.system,
      cache,
      objects,
      keys,
      clock,
      sight: blindSight("Nothing to see in this test"),
      ...options.grants,
    },
  });
  const fixtures = createFixtures(database, keys, clock);
  const client = (id: string, authorization: string) => clientOf((request) => host.fetch(request), id, authorization);
  /** Every row that no relay took yet, oldest first. */
  const events = async (type?: string): Promise<CloudEvent[]> => {
    const rows = await database.owner<OutboxRow[]>`
      select * from outbox where published_at is null and (${type ?? null}::text is null or type = ${type ?? null}) order by id`;
    return rows.map(cloudEventOf);
  };

  return {
    ...fixtures,
    host,
    database,
    keys,
    cache,
    objects,
    clock,
    events,
    anyone: client("anyone", ""),
    /** A signed-in user with these permissions in these cities. */
    as: async (permissions: readonly Permission[], cities: readonly string[] | "all" = "all") => {
      const user = await fixtures.session(permissions, cities);
      return { ...client(user.id, `Bearer ${user.token}`), session_id: user.session_id };
    },
    asAgent: async (cidade_id: string) => {
      const agent = await fixtures.agent(cidade_id);
      return { ...client(agent.id, `Bearer ${await agent.token()}`), ...agent };
    },
    /** A plate camera with a key of its own. */
    asCamera: async (cidade_id: string) => {
      const camera_id = await fixtures.camera(cidade_id);
      return client(camera_id, `Bearer ${await fixtures.cameraKey(cidade_id, camera_id)}`);
    },
    /** An event as the connector would hand it over. */
    event: (type: EventType, data: Record<string, unknown>, cidade_id?: string): CloudEvent =>
      cloudEventOf({
        id: uuidv7(clock()),
        cidade_id: cidade_id ?? (data["cidade_id"] as string | undefined) ?? null,
        source: "/test",
        type: type.type,
        version: type.version,
        subject: null,
        partition_key: null,
        correlation_id: uuidv7(clock()),
        traceparent: null,
        data,
        created_at: clock(),
      }),
    deliver: (event: CloudEvent, name: string, attempt = 1): Promise<Answer> => host.deliver(event, name, attempt),
    /** Plays relay and connector: hands every event to every queue function of the catalogue until none is left. */
    drain: async (): Promise<{ event: CloudEvent; name: string; answer: Answer }[]> => {
      const handled: { event: CloudEvent; name: string; answer: Answer }[] = [];
      for (let waiting = await events(); waiting.length > 0; waiting = await events()) {
        for (const event of waiting) {
          for (const name of listeners(catalogue, event.type)) {
            handled.push({ event, name, answer: await host.deliver(event, name) });
          }
          await database.owner`update outbox set published_at = now() where id = ${event.id}`;
        }
      }
      return handled;
    },
    audit: async () =>
      database.owner<
        {
          action: string;
          actor_id: string;
          object_id: string | null;
          result: string;
          cidade_id: string | null;
          purpose: string | null;
        }[]
      >`select action, actor_kind, actor_id, object_type, object_id, cidade_id, purpose, result, details from audit_log order by id`,
    close: async (): Promise<void> => {
      await host.close();
      await Promise.all([cache.close(), objects.close()]);
      await database.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
export type TestHost = Awaited<ReturnType<typeof testHost>>;

const listeners = (catalogue: Catalogue, type: string): string[] =>
  Object.values(catalogue).flatMap((functions) =>
    Object.values(functions).flatMap((one) => ("queue" in one && one.queue.event.type === type ? [one.name] : [])),
  );

type Database = Awaited<ReturnType<typeof testDatabase>>;

/** Rows that a test needs before it begins, written by the owner. */
const createFixtures = ({ owner }: Database, keys: ReturnType<typeof keysFrom>, clock: () => Date) => ({
  async city(nome = `Cidade ${uuidv7().slice(-6)}`) {
    const id = uuidv7();
    await owner`insert into cidades (id, nome, estado, plano_retencao_dias) values (${id}, ${nome}, 'SP', 7)`;
    return { id, nome };
  },
  async session(permissions: readonly Permission[], cities: readonly string[] | "all") {
    const [id, session_id] = [uuidv7(), uuidv7()];
    const expires = new Date(clock().getTime() + 12 * 3_600_000);
    await owner`insert into users (id, email, nome, password_hash) values (${id}, ${`${id}@example.org`}, 'Pessoa de Teste', 'none')`;
    await owner`insert into sessions (id, user_id, refresh_hash, expires_at) values (${session_id}, ${id}, ${session_id}, ${expires})`;
    const role_id = uuidv7();
    await owner`insert into roles (id, name, permissions) values (${role_id}, ${role_id}, ${owner.json(permissions as never)})`;
    for (const cidade_id of cities === "all" ? [null] : cities) {
      await owner`insert into user_roles (id, user_id, role_id, cidade_id) values (${uuidv7()}, ${id}, ${role_id}, ${cidade_id})`;
    }
    const { token } = await keys.signAccessToken({ sub: id, sid: session_id, sv: 1 });
    return { id, session_id, token };
  },
  async agent(cidade_id: string) {
    const id = uuidv7();
    const pair = (await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"])) as CryptoKeyPair;
    const jwk = await exportJWK(pair.publicKey);
    await owner`insert into agents (cidade_id, id, nome, public_key, enrolled_at)
      values (${cidade_id}, ${id}, 'Agente de Teste', ${owner.json(jwk as never)}, now())`;
    const token = (claims: { seconds?: number; aud?: string } = {}): Promise<string> =>
      new SignJWT({})
        .setProtectedHeader({ alg: "EdDSA", kid: id })
        .setAudience(claims.aud ?? "gt-vision")
        .setExpirationTime(Math.floor(clock().getTime() / 1000) + (claims.seconds ?? 100))
        .sign(pair.privateKey);
    return { id, cidade_id, token };
  },
  /** `values`: columns of `cameras` beside those that must be. */
  async camera(cidade_id: string, values: Record<string, string | boolean | null> = {}): Promise<string> {
    const id = uuidv7();
    const row = { cidade_id, id, nome: `Câmera ${id.slice(-4)}`, ...values };
    await owner`insert into cameras ${owner(row)}`;
    return id;
  },
  async cameraKey(cidade_id: string, camera_id: string): Promise<string> {
    const key = `gtk_${crypto.randomUUID().replaceAll("-", "")}`;
    await owner`insert into camera_keys (cidade_id, id, camera_id, key_hash) values (${cidade_id}, ${uuidv7()}, ${camera_id}, ${await sha256Hex(key)})`;
    return key;
  },
});

const clientOf = (fetch: (request: Request) => Promise<Response>, id: string, authorization: string): TestClient => {
  const send = async (method: string, path: string, body: unknown, headers: Record<string, string> = {}) => {
    const raw = typeof body === "string" || body instanceof Uint8Array;
    const response = await fetch(
      new Request(`http://gt.test${path}`, {
        method,
        headers: {
          ...(authorization === "" ? {} : { authorization }),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: raw ? (body as BodyInit) : JSON.stringify(body) }),
      }),
    );
    const text = await response.text();
    const isJson = /json/.test(response.headers.get("content-type") ?? "");
    return {
      status: response.status,
      body: isJson ? JSON.parse(text) : text === "" ? null : text,
      headers: response.headers,
    };
  };
  return {
    id,
    authorization,
    get: (path, headers) => send("GET", path, undefined, headers),
    post: (path, body, headers) => send("POST", path, body, headers),
    put: (path, body, headers) => send("PUT", path, body, headers),
    patch: (path, body, headers) => send("PATCH", path, body, headers),
    delete: (path, headers) => send("DELETE", path, undefined, headers),
  };
};

/** To look at rows as a city's own transactions see them. */
export const inCity = <R>(host: TestHost, cidade_id: string, work: Parameters<typeof withTenant<R>>[3]): Promise<R> =>
  withTenant(host.database.app, [cidade_id], "read", work);
