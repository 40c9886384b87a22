/**
 * MediaMTX's control API v3, as 1.5 and 1.20 answer it: which of the two it is, shows in what its settings are called. What it
 * says when it refuses is never passed on: its words may hold a camera's address.
 */
import * as z from "zod";
import { AppError } from "#lib/errors.ts";
import type { MediaAddress } from "./media-address.ts";
import type { MediaPath } from "./media-server.ts";

/** Of a path, in both. */
export type PathSettings = { source: string; sourceOnDemand: boolean; rtspTransport: string };
export type MediamtxApi = {
  settings(): Promise<Map<string, PathSettings>>;
  active(): Promise<MediaPath[]>;
  add(name: string, settings: PathSettings): Promise<void>;
  change(name: string, settings: PathSettings): Promise<void>;
  remove(name: string): Promise<void>;
  /** `false`: it asks somebody else, or nobody. */
  asks(auth_url: string): Promise<boolean>;
  ask(auth_url: string): Promise<void>;
};

const PATIENCE_MS = 5000;
const PAGE = 200;

const Global = z.looseObject({
  authMethod: z.string().optional(),
  authHTTPAddress: z.string().optional(),
  externalAuthenticationURL: z.string().optional(),
});
const PathConf = z.looseObject({
  name: z.string(),
  source: z.string().optional(),
  sourceOnDemand: z.boolean().optional(),
  rtspTransport: z.string().optional(),
});
const Path = z.looseObject({
  name: z.string(),
  ready: z.boolean().optional(),
  available: z.boolean().optional(),
  readyTime: z.string().nullish(),
  bytesReceived: z.number().optional(),
  inboundBytes: z.number().optional(),
  readers: z.array(z.unknown()).nullish(),
});
const pageOf = <T extends z.ZodType>(item: T) =>
  z.looseObject({ pageCount: z.number().optional(), items: z.array(item).nullish() });

export const mediamtxApi = (address: MediaAddress): MediamtxApi => {
  const call = caller(address);
  const read = async <T extends z.ZodType>(path: string, shape: T): Promise<z.output<T>> => {
    const answer = await call("GET", path);
    const parsed = shape.safeParse(await answer.json().catch(() => null));
    if (!parsed.success) throw new AppError("internal", "MediaMTX answers in no known form", { reason: "media.form" });
    return parsed.data;
  };
  const list = async <T extends z.ZodType>(path: string, item: T): Promise<z.output<T>[]> => {
    const all: z.output<T>[] = [];
    for (let page = 0; ; page += 1) {
      const { items, pageCount } = await read(`${path}?itemsPerPage=${PAGE}&page=${page}`, pageOf(item));
      all.push(...(items ?? []));
      if (page + 1 >= (pageCount ?? 1)) return all;
    }
  };
  const global = () => read("/v3/config/global/get", Global);
  return {
    settings: async () => {
      const found = await list("/v3/config/paths/list", PathConf);
      return new Map(
        found.map(({ name, source = "", sourceOnDemand = false, rtspTransport = "" }) => [
          name,
          { source, sourceOnDemand, rtspTransport },
        ]),
      );
    },
    active: async () => (await list("/v3/paths/list", Path)).map(activePath),
    add: async (name, settings) => void (await call("POST", `/v3/config/paths/add/${name}`, settings)),
    change: async (name, settings) => void (await call("PATCH", `/v3/config/paths/patch/${name}`, settings)),
    remove: async (name) => void (await call("DELETE", `/v3/config/paths/delete/${name}`, undefined, [404])),
    asks: async (auth_url) => {
      const { authMethod, authHTTPAddress, externalAuthenticationURL } = await global();
      if (authMethod === undefined) return externalAuthenticationURL === auth_url;
      return authMethod === "http" && authHTTPAddress === auth_url;
    },
    ask: async (auth_url) => {
      const isNew = (await global()).authMethod !== undefined;
      await call(
        "PATCH",
        "/v3/config/global/patch",
        isNew ? newAuth(auth_url) : { externalAuthenticationURL: auth_url },
      );
    },
  };
};

/** The control API and the figures are on loopback and have no readers to ask for. */
const newAuth = (auth_url: string) => ({
  authMethod: "http",
  authHTTPAddress: auth_url,
  authHTTPExclude: [{ action: "api" }, { action: "metrics" }, { action: "pprof" }],
});

const activePath = (path: z.output<typeof Path>): MediaPath => {
  const since = Date.parse(path.readyTime ?? "");
  return {
    name: path.name,
    ready: path.ready ?? path.available ?? false,
    ready_since: Number.isNaN(since) ? null : new Date(since),
    bytes_received: path.bytesReceived ?? path.inboundBytes ?? 0,
    readers: path.readers?.length ?? 0,
  };
};

type Call = (method: string, path: string, body?: unknown, accepted?: readonly number[]) => Promise<Response>;

const caller =
  ({ api, authorization }: MediaAddress): Call =>
  async (method, path, body, accepted = []) => {
    const headers = {
      ...(authorization === null ? {} : { authorization }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    };
    const response = await fetch(`${api}${path}`, {
      method,
      headers,
      redirect: "error",
      signal: AbortSignal.timeout(PATIENCE_MS),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }).catch((cause: unknown) => {
      throw away("media.unreachable", "MediaMTX cannot be reached", cause);
    });
    if (response.ok || accepted.includes(response.status)) return response;
    await response.body?.cancel();
    const { status } = response;
    if (status === 401 || status === 403) throw away("media.access_refused", "MediaMTX refuses our name and password");
    if (status >= 500) throw away("media.failed", "MediaMTX failed");
    throw new AppError("internal", "MediaMTX refused a request", { reason: "media.refused", params: { status } });
  };

const away = (reason: string, message: string, cause?: unknown): AppError =>
  new AppError("unavailable", message, { reason, retry_after_seconds: 5, cause });
