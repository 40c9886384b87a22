/** Written by `npm run derive` from functions/catalogue.ts. Changes here are lost. */
import type * as z from "zod";
import type { Permission } from "#lib/function/permissions.ts";
import type * as admin from "#functions/admin/contract.ts";
import type * as ai from "#functions/ai/contract.ts";
import type * as cidades from "#functions/cidades/contract.ts";
import type * as lists from "#lib/wire/lists.ts";
import type * as streaming from "#functions/streaming/contract.ts";

export type Api = {
  "list-agents": { input: z.input<typeof cidades.AgentQuery>; output: z.output<typeof cidades.AgentList> };
  "create-agent": { input: z.input<typeof cidades.NewAgent>; output: z.output<typeof cidades.AgentWithCode> };
  "enrol-agent": { input: z.input<typeof cidades.Enrol>; output: z.output<typeof cidades.Enrolled> };
  "list-alerts": { input: z.input<typeof ai.AlertQuery>; output: z.output<typeof ai.AlertList> };
  "read-alert": { input: z.input<typeof ai.ById>; output: z.output<typeof ai.Alert> };
  "acknowledge-alert": { input: z.input<typeof ai.ById>; output: z.output<typeof ai.Alert> };
  "list-audit": { input: z.input<typeof admin.AuditQuery>; output: z.output<typeof admin.AuditList> };
  "list-cameras": { input: z.input<typeof cidades.CameraQuery>; output: z.output<typeof cidades.CameraList> };
  "create-camera": { input: z.input<typeof cidades.NewCamera>; output: z.output<typeof cidades.Camera> };
  "read-last-frame": { input: z.input<typeof streaming.OfCamera>; output: z.output<typeof streaming.LastFrame> };
  "read-camera": { input: z.input<typeof cidades.ById>; output: z.output<typeof cidades.Camera> };
  "update-camera": { input: z.input<typeof cidades.CameraChange>; output: z.output<typeof cidades.Camera> };
  "create-camera-key": { input: z.input<typeof cidades.ById>; output: z.output<typeof cidades.CameraKey> };
  "list-cities": { input: z.input<typeof lists.Page>; output: z.output<typeof cidades.CityList> };
  "create-city": { input: z.input<typeof cidades.NewCity>; output: z.output<typeof cidades.City> };
  "read-city": { input: z.input<typeof cidades.ById>; output: z.output<typeof cidades.City> };
  "update-city": { input: z.input<typeof cidades.CityChange>; output: z.output<typeof cidades.City> };
  "list-clips": { input: z.input<typeof streaming.ClipQuery>; output: z.output<typeof streaming.ClipList> };
  "create-clip": { input: z.input<typeof streaming.NewClip>; output: z.output<typeof streaming.Clip> };
  "read-clip": { input: z.input<typeof streaming.ById>; output: z.output<typeof streaming.Clip> };
  "download-clip": { input: z.input<typeof streaming.ById>; output: z.output<typeof streaming.ClipDownload> };
  "read-jwks": { input: z.input<typeof admin.Empty>; output: z.output<typeof admin.Jwks> };
  "accept-link": { input: z.input<typeof admin.AcceptLink>; output: z.output<typeof admin.Session> };
  "check-link": { input: z.input<typeof admin.LinkSecret>; output: z.output<typeof admin.LinkState> };
  "list-plates": { input: z.input<typeof ai.PlateReadQuery>; output: z.output<typeof ai.PlateReadList> };
  "search-plates": { input: z.input<typeof ai.PlateSearch>; output: z.output<typeof ai.PlateReadList> };
  "read-plate": { input: z.input<typeof ai.ById>; output: z.output<typeof ai.PlateReadDetails> };
  "correct-plate": { input: z.input<typeof ai.NewCorrection>; output: z.output<typeof ai.PlateReadDetails> };
  "request-probe": { input: z.input<typeof cidades.NewProbe>; output: z.output<typeof cidades.Probe> };
  "read-probe": { input: z.input<typeof cidades.ProbeQuery>; output: z.output<typeof cidades.Probe> };
  "start-recording": { input: z.input<typeof streaming.OfCamera>; output: z.output<typeof streaming.Recording> };
  "stop-recording": { input: z.input<typeof streaming.OfCamera>; output: z.output<typeof streaming.Recording> };
  "release-retention": {
    input: z.input<typeof streaming.RetentionRelease>;
    output: z.output<typeof streaming.Released>;
  };
  "list-roles": { input: z.input<typeof lists.Page>; output: z.output<typeof admin.RoleList> };
  "create-role": { input: z.input<typeof admin.NewRole>; output: z.output<typeof admin.Role> };
  "list-segments": {
    input: z.input<typeof streaming.SegmentQuery>;
    output: z.output<typeof streaming.PlayableSegments>;
  };
  "sign-in": { input: z.input<typeof admin.SignIn>; output: z.output<typeof admin.Session> };
  "sign-out": { input: z.input<typeof admin.Empty>; output: null };
  "refresh-session": { input: z.input<typeof admin.Empty>; output: z.output<typeof admin.Session> };
  "open-socket": { input: z.input<typeof admin.Empty>; output: z.output<typeof admin.SocketTicket> };
  "open-stream": { input: z.input<typeof streaming.OpenStream>; output: z.output<typeof streaming.StreamToken> };
  "read-timeline": { input: z.input<typeof streaming.TimelineQuery>; output: z.output<typeof streaming.Timeline> };
  "list-users": { input: z.input<typeof lists.Page>; output: z.output<typeof admin.UserList> };
  "create-user": { input: z.input<typeof admin.NewUser>; output: z.output<typeof admin.CreatedUser> };
  "update-user": { input: z.input<typeof admin.UserChange>; output: z.output<typeof admin.User> };
  "count-vehicles": { input: z.input<typeof ai.VehicleCountQuery>; output: z.output<typeof ai.VehicleCounts> };
  "list-watchlist-entries": {
    input: z.input<typeof ai.WatchlistEntryQuery>;
    output: z.output<typeof ai.WatchlistEntryList>;
  };
  "create-watchlist-entry": { input: z.input<typeof ai.NewWatchlistEntry>; output: z.output<typeof ai.WatchlistEntry> };
  "remove-watchlist-entry": { input: z.input<typeof ai.ById>; output: null };
  "list-watchlists": { input: z.input<typeof ai.WatchlistQuery>; output: z.output<typeof ai.WatchlistList> };
  "create-watchlist": { input: z.input<typeof ai.NewWatchlist>; output: z.output<typeof ai.Watchlist> };
};

export const routes: Record<keyof Api, Route> = {
  "list-agents": {
    method: "GET",
    path: "/api/agents",
    path_names: [],
    signed_in: true,
    permission: "cameras.view",
    idempotent: false,
  },
  "create-agent": {
    method: "POST",
    path: "/api/agents",
    path_names: [],
    signed_in: true,
    permission: "agents.manage",
    idempotent: true,
  },
  "enrol-agent": {
    method: "POST",
    path: "/api/agents/enrol",
    path_names: [],
    signed_in: false,
    permission: null,
    idempotent: false,
  },
  "list-alerts": {
    method: "GET",
    path: "/api/alerts",
    path_names: [],
    signed_in: true,
    permission: "alerts.view",
    idempotent: false,
  },
  "read-alert": {
    method: "GET",
    path: "/api/alerts/{id}",
    path_names: ["id"],
    signed_in: true,
    permission: "alerts.view",
    idempotent: false,
  },
  "acknowledge-alert": {
    method: "POST",
    path: "/api/alerts/{id}/acknowledge",
    path_names: ["id"],
    signed_in: true,
    permission: "alerts.handle",
    idempotent: true,
  },
  "list-audit": {
    method: "GET",
    path: "/api/audit",
    path_names: [],
    signed_in: true,
    permission: "audit.view",
    idempotent: false,
  },
  "list-cameras": {
    method: "GET",
    path: "/api/cameras",
    path_names: [],
    signed_in: true,
    permission: "cameras.view",
    idempotent: false,
  },
  "create-camera": {
    method: "POST",
    path: "/api/cameras",
    path_names: [],
    signed_in: true,
    permission: "cameras.manage",
    idempotent: true,
  },
  "read-last-frame": {
    method: "GET",
    path: "/api/cameras/{camera_id}/last-frame",
    path_names: ["camera_id"],
    signed_in: true,
    permission: "live.view",
    idempotent: false,
  },
  "read-camera": {
    method: "GET",
    path: "/api/cameras/{id}",
    path_names: ["id"],
    signed_in: true,
    permission: "cameras.view",
    idempotent: false,
  },
  "update-camera": {
    method: "PATCH",
    path: "/api/cameras/{id}",
    path_names: ["id"],
    signed_in: true,
    permission: "cameras.manage",
    idempotent: true,
  },
  "create-camera-key": {
    method: "POST",
    path: "/api/cameras/{id}/keys",
    path_names: ["id"],
    signed_in: true,
    permission: "cameras.manage",
    idempotent: true,
  },
  "list-cities": {
    method: "GET",
    path: "/api/cities",
    path_names: [],
    signed_in: true,
    permission: null,
    idempotent: false,
  },
  "create-city": {
    method: "POST",
    path: "/api/cities",
    path_names: [],
    signed_in: true,
    permission: "cities.manage",
    idempotent: true,
  },
  "read-city": {
    method: "GET",
    path: "/api/cities/{id}",
    path_names: ["id"],
    signed_in: true,
    permission: null,
    idempotent: false,
  },
  "update-city": {
    method: "PATCH",
    path: "/api/cities/{id}",
    path_names: ["id"],
    signed_in: true,
    permission: "cities.manage",
    idempotent: true,
  },
  "list-clips": {
    method: "GET",
    path: "/api/clips",
    path_names: [],
    signed_in: true,
    permission: "recordings.view",
    idempotent: false,
  },
  "create-clip": {
    method: "POST",
    path: "/api/clips",
    path_names: [],
    signed_in: true,
    permission: "clips.create",
    idempotent: true,
  },
  "read-clip": {
    method: "GET",
    path: "/api/clips/{id}",
    path_names: ["id"],
    signed_in: true,
    permission: "recordings.view",
    idempotent: false,
  },
  "download-clip": {
    method: "POST",
    path: "/api/clips/{id}/download",
    path_names: ["id"],
    signed_in: true,
    permission: "recordings.view",
    idempotent: true,
  },
  "read-jwks": {
    method: "GET",
    path: "/api/jwks",
    path_names: [],
    signed_in: false,
    permission: null,
    idempotent: false,
  },
  "accept-link": {
    method: "POST",
    path: "/api/links/accept",
    path_names: [],
    signed_in: false,
    permission: null,
    idempotent: false,
  },
  "check-link": {
    method: "POST",
    path: "/api/links/check",
    path_names: [],
    signed_in: false,
    permission: null,
    idempotent: false,
  },
  "list-plates": {
    method: "GET",
    path: "/api/plates",
    path_names: [],
    signed_in: true,
    permission: "plates.view",
    idempotent: false,
  },
  "search-plates": {
    method: "POST",
    path: "/api/plates/search",
    path_names: [],
    signed_in: true,
    permission: "plates.search",
    idempotent: true,
  },
  "read-plate": {
    method: "GET",
    path: "/api/plates/{id}",
    path_names: ["id"],
    signed_in: true,
    permission: "plates.view",
    idempotent: false,
  },
  "correct-plate": {
    method: "POST",
    path: "/api/plates/{id}/corrections",
    path_names: ["id"],
    signed_in: true,
    permission: "plates.correct",
    idempotent: true,
  },
  "request-probe": {
    method: "POST",
    path: "/api/probes",
    path_names: [],
    signed_in: true,
    permission: "cameras.manage",
    idempotent: true,
  },
  "read-probe": {
    method: "GET",
    path: "/api/probes/{id}",
    path_names: ["id"],
    signed_in: true,
    permission: "cameras.manage",
    idempotent: false,
  },
  "start-recording": {
    method: "POST",
    path: "/api/recordings/start",
    path_names: [],
    signed_in: true,
    permission: "recordings.manage",
    idempotent: true,
  },
  "stop-recording": {
    method: "POST",
    path: "/api/recordings/stop",
    path_names: [],
    signed_in: true,
    permission: "recordings.manage",
    idempotent: true,
  },
  "release-retention": {
    method: "POST",
    path: "/api/retention/release",
    path_names: [],
    signed_in: true,
    permission: "cities.manage",
    idempotent: true,
  },
  "list-roles": {
    method: "GET",
    path: "/api/roles",
    path_names: [],
    signed_in: true,
    permission: "users.manage",
    idempotent: false,
  },
  "create-role": {
    method: "POST",
    path: "/api/roles",
    path_names: [],
    signed_in: true,
    permission: "roles.manage",
    idempotent: true,
  },
  "list-segments": {
    method: "GET",
    path: "/api/segments",
    path_names: [],
    signed_in: true,
    permission: "recordings.view",
    idempotent: false,
  },
  "sign-in": {
    method: "POST",
    path: "/api/sessions",
    path_names: [],
    signed_in: false,
    permission: null,
    idempotent: false,
  },
  "sign-out": {
    method: "POST",
    path: "/api/sessions/end",
    path_names: [],
    signed_in: true,
    permission: null,
    idempotent: false,
  },
  "refresh-session": {
    method: "POST",
    path: "/api/sessions/refresh",
    path_names: [],
    signed_in: false,
    permission: null,
    idempotent: false,
  },
  "open-socket": {
    method: "POST",
    path: "/api/sessions/socket-ticket",
    path_names: [],
    signed_in: true,
    permission: null,
    idempotent: true,
  },
  "open-stream": {
    method: "POST",
    path: "/api/streams/open",
    path_names: [],
    signed_in: true,
    permission: "live.view",
    idempotent: true,
  },
  "read-timeline": {
    method: "GET",
    path: "/api/timeline",
    path_names: [],
    signed_in: true,
    permission: "recordings.view",
    idempotent: false,
  },
  "list-users": {
    method: "GET",
    path: "/api/users",
    path_names: [],
    signed_in: true,
    permission: "users.manage",
    idempotent: false,
  },
  "create-user": {
    method: "POST",
    path: "/api/users",
    path_names: [],
    signed_in: true,
    permission: "users.manage",
    idempotent: false,
  },
  "update-user": {
    method: "PATCH",
    path: "/api/users/{id}",
    path_names: ["id"],
    signed_in: true,
    permission: "users.manage",
    idempotent: true,
  },
  "count-vehicles": {
    method: "GET",
    path: "/api/vehicle-counts",
    path_names: [],
    signed_in: true,
    permission: "plates.view",
    idempotent: false,
  },
  "list-watchlist-entries": {
    method: "GET",
    path: "/api/watchlist-entries",
    path_names: [],
    signed_in: true,
    permission: "watchlists.manage",
    idempotent: false,
  },
  "create-watchlist-entry": {
    method: "POST",
    path: "/api/watchlist-entries",
    path_names: [],
    signed_in: true,
    permission: "watchlists.manage",
    idempotent: true,
  },
  "remove-watchlist-entry": {
    method: "DELETE",
    path: "/api/watchlist-entries/{id}",
    path_names: ["id"],
    signed_in: true,
    permission: "watchlists.manage",
    idempotent: true,
  },
  "list-watchlists": {
    method: "GET",
    path: "/api/watchlists",
    path_names: [],
    signed_in: true,
    permission: "watchlists.manage",
    idempotent: false,
  },
  "create-watchlist": {
    method: "POST",
    path: "/api/watchlists",
    path_names: [],
    signed_in: true,
    permission: "watchlists.manage",
    idempotent: true,
  },
};

export type FunctionName = keyof Api;
export type Route = {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  path: string;
  path_names: readonly string[];
  signed_in: boolean;
  /** What the user must hold; null: nothing in particular. */
  permission: Permission | null;
  /** Takes an Idempotency-Key. */
  idempotent: boolean;
};

/** RFC 9457; what the page says is worded from `reason`, `code` and `params`. */
export type Problem = {
  type: string;
  title: string;
  status: number;
  code: string;
  reason?: string;
  params?: Record<string, string | number | boolean>;
  errors?: readonly { path: string; code: string }[];
  correlation_id: string;
  /** From Retry-After. */
  retry_after_seconds?: number;
};
export type ApiError = Error & { problem: Problem };
export const isApiError = (error: unknown): error is ApiError => error instanceof Error && "problem" in error;

export type CallOptions = {
  token?: string | null;
  signal?: AbortSignal;
  idempotency_key?: string;
  if_match?: number | "*";
};

/** Throws an `ApiError` for every answer that is none, also when nobody answers (`status` 0, `code` `unreachable`). */
export const call = async <N extends FunctionName>(
  name: N,
  input: Api[N]["input"],
  options: CallOptions = {},
): Promise<Api[N]["output"]> => {
  const route: Route = routes[name];
  const rest: Record<string, unknown> = { ...input };
  let url = route.path;
  for (const one of route.path_names) {
    url = url.replace(`{${one}}`, encodeURIComponent(String(rest[one])));
    delete rest[one];
  }
  const hasBody = route.method !== "GET" && route.method !== "DELETE";
  if (!hasBody) url += queryOf(rest);
  const headers: Record<string, string> = {};
  if (hasBody) headers["content-type"] = "application/json";
  if (route.signed_in && options.token) headers["authorization"] = `Bearer ${options.token}`;
  if (options.idempotency_key !== undefined) headers["idempotency-key"] = options.idempotency_key;
  if (options.if_match !== undefined) headers["if-match"] = options.if_match === "*" ? "*" : `"${options.if_match}"`;
  const response = await fetch(url, {
    method: route.method,
    headers,
    ...(hasBody ? { body: JSON.stringify(rest) } : {}),
    ...(options.signal ? { signal: options.signal } : {}),
  }).catch((cause: unknown) => {
    if (options.signal?.aborted) throw cause;
    throw problemError({ title: "Nobody answers", status: 0, code: "unreachable" }, cause);
  });
  const text = await response.text();
  if (response.ok) return (text === "" ? null : JSON.parse(text)) as Api[N]["output"];
  throw problemError(readProblem(response, text));
};

const queryOf = (values: Record<string, unknown>): string => {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined || value === null) continue;
    for (const item of Array.isArray(value) ? value : [value]) query.append(name, String(item));
  }
  return query.size === 0 ? "" : `?${query}`;
};

/** A proxy between may answer with a page of its own. */
const readProblem = (response: Response, text: string): Partial<Problem> => {
  const known = { status: response.status, code: response.status === 503 ? "unavailable" : "internal" };
  const wait = Number(response.headers.get("retry-after"));
  const retry = wait > 0 ? { retry_after_seconds: wait } : {};
  try {
    return { ...known, ...(JSON.parse(text) as Partial<Problem>), ...retry };
  } catch {
    return { ...known, title: response.statusText, ...retry };
  }
};

const problemError = (problem: Partial<Problem>, cause?: unknown): ApiError => {
  const whole: Problem = {
    type: "about:blank",
    title: "",
    status: 0,
    code: "internal",
    correlation_id: "",
    ...problem,
  };
  return Object.assign(new Error(whole.title, { cause }), { problem: whole });
};
