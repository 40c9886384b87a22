import { hashOf, newSecret } from "#functions/admin/secrets.ts";
import { REFRESH_COOKIE } from "#functions/admin/sessions.ts";
import { uuidv7 } from "#lib/ids.ts";
import { type Scene } from "../scene.ts";
import { line, type Line } from "./line.ts";

const password = "correto cavalo bateria grampo";
const person = () => ({ nome: "Pessoa de Teste", email: `${uuidv7()}@example.org`, password });

const link = async ({ sql, root }: Scene, kind: "invitation" | "password_reset"): Promise<string> => {
  const secret = newSecret();
  await sql`insert into one_time_links (id, kind, secret_hash, user_id, created_at, expires_at)
    values (${uuidv7()}, ${kind}, ${hashOf(secret)}, ${root.id}, now(), now() + interval '1 hour')`;
  return secret;
};

const someRole = async ({ made, root }: Scene): Promise<string> =>
  (await made("/api/roles", { name: uuidv7(), permissions: ["live.view"] }, root)).id;

export const admin: Record<string, Line> = {
  "accept-link": line(201, async (scene) => ({
    path: "/api/links/accept",
    body: { ...person(), email: `${scene.root.id}@example.org`, secret: await link(scene, "invitation") },
  })),
  "check-link": line(200, async (scene) => ({
    path: "/api/links/check",
    body: { secret: await link(scene, "password_reset") },
  })),
  "create-role": line(201, async ({ root }) => ({
    path: "/api/roles",
    body: { name: uuidv7(), permissions: ["live.view"] },
    as: root,
  })),
  "create-user": line(201, async (scene) => ({
    path: "/api/users",
    body: { ...person(), roles: [{ role_id: await someRole(scene), cidade_id: scene.cidade_id }] },
    as: scene.operator,
  })),
  "list-audit": line(200, async (scene) => {
    await scene.camera();
    return { path: `/api/audit?cidade_id=${scene.cidade_id}&limit=2`, as: scene.operator };
  }),
  "list-roles": line(200, async ({ operator }) => ({ path: "/api/roles?limit=1", as: operator })),
  "list-users": line(200, async ({ operator }) => ({ path: "/api/users", as: operator })),
  "open-socket": line(201, async ({ operator }) => ({ path: "/api/sessions/socket-ticket", body: {}, as: operator })),
  "read-jwks": line(200, async () => ({ path: "/api/jwks" })),
  "refresh-session": line(200, async ({ sql, operator }) => {
    const refresh = newSecret();
    await sql`update sessions set refresh_hash = ${hashOf(refresh)}, last_used_at = now() where user_id = ${operator.id}`;
    return { path: "/api/sessions/refresh", body: {}, headers: { cookie: `${REFRESH_COOKIE}=${refresh}` } };
  }),
  "sign-in": line(201, async (scene) => {
    const { email, ...rest } = person();
    const roles = [{ role_id: await someRole(scene), cidade_id: scene.cidade_id }];
    await scene.made("/api/users", { email, ...rest, roles });
    return { path: "/api/sessions", body: { email, password } };
  }),
  "sign-out": line(204, async ({ operator }) => ({ path: "/api/sessions/end", body: {}, as: operator })),
  "update-user": line(200, async (scene) => {
    const { host, cidade_id, operator } = scene;
    const { id } = await host.as(["live.view"], [cidade_id]);
    const roles = [{ role_id: await someRole(scene), cidade_id }];
    const body = { nome: "Outro Nome", is_active: false, roles };
    return { path: `/api/users/${id}`, method: "PATCH", body, headers: { "if-match": '"1"' }, as: operator };
  }),
};
