/** All that others may know of the admin context. */
import * as z from "zod";
import { permissions } from "#lib/function/permissions.ts";
import { Page, Time, listOf } from "#lib/wire/lists.ts";

export const Permission = z.enum(permissions);

/** ≥ 15 characters (NIST 800-63B-4, single factor), no composition rules, at most 256. */
export const Password = z.string().min(15).max(256);
export const Email = z.email().max(255).toLowerCase();
export const PersonName = z.string().trim().min(2).max(200);

export const Role = z.object({ id: z.uuid(), name: z.string(), permissions: z.array(Permission) });
export type Role = z.infer<typeof Role>;
export const NewRole = z.strictObject({
  name: z.string().trim().min(2).max(100),
  permissions: z.array(Permission).min(1).max(100),
});

/** `cidade_id: null` holds in every city. */
export const RoleInCity = z.strictObject({ role_id: z.uuid(), cidade_id: z.uuid().nullable() });

export const User = z.object({
  id: z.uuid(),
  nome: z.string(),
  email: z.string(),
  is_active: z.boolean(),
  roles: z.array(z.object({ role_id: z.uuid(), role_name: z.string(), cidade_id: z.uuid().nullable() })),
  version: z.int(),
  created_at: Time,
});
export type User = z.infer<typeof User>;
export const NewUser = z.strictObject({
  nome: PersonName,
  email: Email,
  /** Absent: the person chooses it by the link of the answer. */
  password: Password.optional(),
  roles: z.array(RoleInCity).min(1).max(50),
});
/** `roles` takes the place of those that the user holds in the caller's cities; what they hold elsewhere stays. */
export const UserChange = z.strictObject({
  id: z.uuid(),
  nome: PersonName.optional(),
  /** `false`: all sessions end at once; what is open elsewhere finds out within 30 s. */
  is_active: z.boolean().optional(),
  roles: z.array(RoleInCity).min(1).max(50).optional(),
});
/** `link` only where no password was given: its secret is shown once, works once, for 24 h (`linkPath`). */
export const CreatedUser = User.extend({ link: z.object({ secret: z.string(), expires_at: Time }).nullable() });
export type CreatedUser = z.infer<typeof CreatedUser>;
export const UserList = listOf(User);
export const RoleList = listOf(Role);

/** The console's page of a one-time link. The secret is in the fragment: it reaches no server, log or `Referer`. */
export const linkPath = (page: "first-access" | "new-password", secret: string): string => `/${page}#${secret}`;

/** What is behind a one-time link; reading it does not use it up. */
export const LinkSecret = z.strictObject({ secret: z.string().min(20).max(200) });
export const LinkState = z.object({
  kind: z.enum(["first_administrator", "invitation", "password_reset"]),
  expires_at: Time,
});
export const AcceptLink = z.strictObject({
  secret: z.string().min(20).max(200),
  nome: PersonName,
  email: Email,
  password: Password,
});

export const SignIn = z.strictObject({ email: Email, password: z.string().min(1).max(256) });

/** The refresh token travels in an HttpOnly, SameSite=Strict cookie beside this answer. */
export const Session = z.object({
  access_token: z.string(),
  expires_at: Time,
  user: z.object({ id: z.uuid(), nome: z.string(), email: z.string() }),
  permissions: z.array(Permission),
  cities: z.union([z.literal("all"), z.array(z.uuid())]),
});
export type Session = z.infer<typeof Session>;

/** Single use, ≤ 60 s; opens `/console/socket?ticket=…`. */
export const SocketTicket = z.object({ ticket: z.string(), expires_at: Time });

export const Jwks = z.object({ keys: z.array(z.record(z.string(), z.unknown())) });

export const AuditEntry = z.object({
  id: z.uuid(),
  cidade_id: z.uuid().nullable(),
  at: Time,
  actor_kind: z.string(),
  actor_id: z.string(),
  action: z.string(),
  object_type: z.string().nullable(),
  object_id: z.string().nullable(),
  purpose: z.string().nullable(),
  result: z.enum(["done", "refused"]),
  details: z.record(z.string(), z.unknown()),
  address: z.string().nullable(),
  correlation_id: z.string(),
});
export const AuditQuery = Page.extend({ cidade_id: z.uuid(), from: Time.optional(), to: Time.optional() });
export const AuditList = listOf(AuditEntry);

export const Empty = z.strictObject({});
export const Nothing = z.null();

// Functions (name · route · access):
// check-link            POST /api/links/check            anyone
// accept-link           POST /api/links/accept           anyone (creates or sets the user, answers Session + cookie)
// sign-in               POST /api/sessions               anyone
// refresh-session       POST /api/sessions/refresh       anyone (cookie, Origin checked)
// sign-out              POST /api/sessions/end           session
// open-socket           POST /api/sessions/socket-ticket session
// read-jwks             GET  /api/jwks                   anyone
// create-user, list-users   POST, GET /api/users         users.manage
// update-user           PATCH /api/users/{id}            users.manage
// create-role, list-roles   POST, GET /api/roles         roles.manage
// list-audit            GET  /api/audit                  audit.view
