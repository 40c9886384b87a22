/** Written by `npm run derive` from functions/catalogue.ts. Changes here are lost. */
import type * as z from "zod";
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

export type Route = {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  path: string;
  /** Asked without a session. */
  anyone?: true;
};

export const routes: Record<keyof Api, Route> = {
  "list-agents": { method: "GET", path: "/api/agents" },
  "create-agent": { method: "POST", path: "/api/agents" },
  "enrol-agent": { method: "POST", path: "/api/agents/enrol", anyone: true },
  "list-alerts": { method: "GET", path: "/api/alerts" },
  "read-alert": { method: "GET", path: "/api/alerts/{id}" },
  "acknowledge-alert": { method: "POST", path: "/api/alerts/{id}/acknowledge" },
  "list-audit": { method: "GET", path: "/api/audit" },
  "list-cameras": { method: "GET", path: "/api/cameras" },
  "create-camera": { method: "POST", path: "/api/cameras" },
  "read-last-frame": { method: "GET", path: "/api/cameras/{camera_id}/last-frame" },
  "read-camera": { method: "GET", path: "/api/cameras/{id}" },
  "update-camera": { method: "PATCH", path: "/api/cameras/{id}" },
  "create-camera-key": { method: "POST", path: "/api/cameras/{id}/keys" },
  "list-cities": { method: "GET", path: "/api/cities" },
  "create-city": { method: "POST", path: "/api/cities" },
  "read-city": { method: "GET", path: "/api/cities/{id}" },
  "update-city": { method: "PATCH", path: "/api/cities/{id}" },
  "list-clips": { method: "GET", path: "/api/clips" },
  "create-clip": { method: "POST", path: "/api/clips" },
  "read-clip": { method: "GET", path: "/api/clips/{id}" },
  "download-clip": { method: "POST", path: "/api/clips/{id}/download" },
  "read-jwks": { method: "GET", path: "/api/jwks", anyone: true },
  "accept-link": { method: "POST", path: "/api/links/accept", anyone: true },
  "check-link": { method: "POST", path: "/api/links/check", anyone: true },
  "list-plates": { method: "GET", path: "/api/plates" },
  "search-plates": { method: "POST", path: "/api/plates/search" },
  "read-plate": { method: "GET", path: "/api/plates/{id}" },
  "correct-plate": { method: "POST", path: "/api/plates/{id}/corrections" },
  "request-probe": { method: "POST", path: "/api/probes" },
  "read-probe": { method: "GET", path: "/api/probes/{id}" },
  "start-recording": { method: "POST", path: "/api/recordings/start" },
  "stop-recording": { method: "POST", path: "/api/recordings/stop" },
  "release-retention": { method: "POST", path: "/api/retention/release" },
  "list-roles": { method: "GET", path: "/api/roles" },
  "create-role": { method: "POST", path: "/api/roles" },
  "list-segments": { method: "GET", path: "/api/segments" },
  "sign-in": { method: "POST", path: "/api/sessions", anyone: true },
  "sign-out": { method: "POST", path: "/api/sessions/end" },
  "refresh-session": { method: "POST", path: "/api/sessions/refresh", anyone: true },
  "open-socket": { method: "POST", path: "/api/sessions/socket-ticket" },
  "open-stream": { method: "POST", path: "/api/streams/open" },
  "read-timeline": { method: "GET", path: "/api/timeline" },
  "list-users": { method: "GET", path: "/api/users" },
  "create-user": { method: "POST", path: "/api/users" },
  "update-user": { method: "PATCH", path: "/api/users/{id}" },
  "count-vehicles": { method: "GET", path: "/api/vehicle-counts" },
  "list-watchlist-entries": { method: "GET", path: "/api/watchlist-entries" },
  "create-watchlist-entry": { method: "POST", path: "/api/watchlist-entries" },
  "remove-watchlist-entry": { method: "DELETE", path: "/api/watchlist-entries/{id}" },
  "list-watchlists": { method: "GET", path: "/api/watchlists" },
  "create-watchlist": { method: "POST", path: "/api/watchlists" },
};
