/** A request to an HTTP function, step by step: who, whether, what, run, answer. */
import { AppError } from "#lib/errors.ts";
import { allowedCaller, type Identifier } from "./access.ts";
import { DEFAULT_BODY_BYTES, essenceOf, readBody } from "./body.ts";
import { cookiesOf, mustBeOwnOrigin } from "./cookies.ts";
import type { Caller, Http, HttpFunction } from "./define.ts";
import { isLockTimeout } from "./faults.ts";
import { runsInTransaction, type Call, type Entry, type Settled } from "./grants.ts";
import { claimKey, idempotentRequest, keepAnswer, type IdempotentRequest, type KeptAnswer } from "./idempotency.ts";
import { readInput, textReaders, type TextReaders } from "./input.ts";
import { parseStrictJson } from "./json.ts";
import { newTraceparent, type Trace } from "./peer.ts";
import { permissions } from "./permissions.ts";
import type { Reply } from "./reply.ts";
import { runFunction, withTimeout } from "./run.ts";

export const HTTP_SECONDS = 10;

export type Route = Entry<HttpFunction> & { readers: TextReaders };
export type Incoming = { request: Request; params: Record<string, string>; trace: Trace };
type Host = { settled: Settled; identifier: Identifier };
type Read = { input: Record<string, unknown>; bytes: Uint8Array; content_type: string; path: string; query: string };

/** `known` is told the caller as soon as there is one, for the audit row of a refusal. */
export const answerHttp = async (
  host: Host,
  route: Route,
  incoming: Incoming,
  known: (caller: Caller) => void,
): Promise<Reply> => {
  const { definition } = route;
  const { request, trace } = incoming;
  await mustBeWithinRate(host.settled, definition, "address", trace.address);
  const identified = await host.identifier.callerOf(
    definition.http.access,
    request.headers.get("authorization"),
    definition.http.access === "camera" ? incoming.params["key"] : undefined,
  );
  known(identified);
  const caller = allowedCaller(identified, definition.http.access);
  await mustBeWithinRate(host.settled, definition, "caller", `${caller.kind}:${caller.id}`);
  if (definition.needs.includes("cookies")) mustBeOwnOrigin(request);
  const read = await readRequest(route, incoming);
  mustBeOwnCity(caller, read.input);
  return withTimeout(definition.timeout_seconds ?? HTTP_SECONDS, (signal) =>
    run(host.settled, route, incoming, caller, read, signal),
  );
};

const run = async (
  settled: Settled,
  route: Route,
  { request, trace }: Incoming,
  caller: Caller,
  read: Read,
  signal: AbortSignal,
): Promise<Reply> => {
  const { definition } = route;
  const cookies: string[] = [];
  const call: Call = {
    caller,
    cities: definition.role === "gt_system" ? "all" : caller.cities,
    correlation_id: trace.correlation_id,
    traceparent: trace.traceparent,
    address: trace.address,
    signal,
    if_match: ifMatchOf(definition.http, request.headers),
    notes: [],
    ...(definition.needs.includes("rawBody")
      ? { rawBody: { bytes: read.bytes, content_type: read.content_type } }
      : {}),
    ...(definition.needs.includes("cookies") ? { cookies: cookiesOf(request.headers, trace.secure, cookies) } : {}),
  };
  const once = await idempotencyOf(definition, caller, request.headers, read);
  const reading = definition.http.method === "GET" && !definition.audited;
  let version: number | undefined;
  let replayed = false;
  const kept = await runFunction<KeptAnswer>(settled, route, call, {
    mode: reading ? "read" : "write",
    async handle(needs, scope) {
      const before = once && scope ? await claimKey(scope.sql, once, settled.clock()) : null;
      replayed = before !== null;
      if (before) return before;
      const output = await handleAndCheck(definition, read.input, needs);
      version = versionOf(output);
      const answer = { status: statusOf(definition.http), body: output === null ? null : JSON.stringify(output) };
      if (once && scope) await keepAnswer(scope.sql, once, answer);
      return answer;
    },
  }).catch((error: unknown) => {
    throw once && isLockTimeout(error) ? inProgress(error) : error;
  });
  return replyOf(kept, { version, replayed, cookies });
};

const handleAndCheck = async (definition: HttpFunction, input: Record<string, unknown>, needs: object) => {
  const output = definition.output.safeParse(await definition.handle(input, needs as never));
  if (output.success) return output.data as unknown;
  // Paths only: what was about to be answered is nobody's business.
  const where = output.error.issues.slice(0, 5).map(({ path, code }) => `${path.join(".")} ${code}`);
  throw new AppError("internal", `The answer of ${definition.name} does not fit its schema: ${where.join(", ")}`);
};

/** The same function for a caller inside this process (the first start): all its rules, no token. Answers its output. */
export const callAsSystem = async (
  settled: Settled,
  entry: Entry<HttpFunction>,
  body: Record<string, unknown>,
): Promise<unknown> => {
  const { definition } = entry;
  const input = readInput(definition.input, textReaders(definition.input), { path: {}, query: "", body });
  return withTimeout(definition.timeout_seconds ?? HTTP_SECONDS, (signal) =>
    runFunction(
      settled,
      entry,
      {
        caller: { kind: "system", id: "system", cities: "all", permissions: [...permissions] },
        cities: "all",
        correlation_id: settled.ids(),
        traceparent: newTraceparent(),
        address: "in-process",
        signal,
        if_match: null,
        notes: [],
      },
      { mode: "write", handle: (needs) => handleAndCheck(definition, input, needs) },
    ),
  );
};

const replyOf = (
  kept: KeptAnswer,
  { version, replayed, cookies }: { version: number | undefined; replayed: boolean; cookies: string[] },
): Reply => {
  const headers: Record<string, string> = kept.body === null ? {} : { "content-type": "application/json" };
  if (version !== undefined) headers["etag"] = `"${version}"`;
  if (replayed) headers["idempotent-replayed"] = "true";
  if (kept.status === 303) {
    headers["location"] = (JSON.parse(kept.body ?? "{}") as { url: string }).url;
    return { status: 303, headers, body: null, cookies };
  }
  const empty = kept.body === null || kept.status === 204;
  return { status: empty ? 204 : kept.status, headers, body: empty ? null : kept.body, cookies };
};

const statusOf = ({ status }: Http): number => status ?? 200;
const versionOf = (output: unknown): number | undefined =>
  typeof output === "object" && output !== null && "version" in output && typeof output.version === "number"
    ? output.version
    : undefined;

const readRequest = async (route: Route, { request, params }: Incoming): Promise<Read> => {
  const { http, input: schema, needs } = route.definition;
  const cut = request.url.indexOf("?");
  const query = cut < 0 ? "" : (request.url.slice(cut + 1).split("#", 1)[0] ?? "");
  const path = http.access === "camera" && !("key" in schema.shape) ? withoutKey(params) : params;
  const content_type = request.headers.get("content-type") ?? "";
  const raw = needs.includes("rawBody");
  const bytes =
    http.method === "GET" ? new Uint8Array() : await readBody(request, http.max_body_bytes ?? DEFAULT_BODY_BYTES);
  const accepted = http.accepts ?? ["application/json"];
  if (bytes.byteLength > 0 && !accepted.includes(essenceOf(content_type))) {
    throw new AppError("unsupported_media", "The body's content type is not taken here", {
      params: { accepts: accepted.join(" ") },
    });
  }
  const body = raw || bytes.byteLength === 0 ? undefined : parseStrictJson(bytes);
  const input = readInput(schema, route.readers, { path, query, body });
  return { input, bytes, content_type, path: pathOf(request.url), query };
};

const withoutKey = (params: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(params).filter(([name]) => name !== "key"));
const pathOf = (url: string): string => url.replace(/^[a-z]+:\/\/[^/]*/, "").split("?", 1)[0] ?? "";

const mustBeWithinRate = async (
  { cache, log }: Settled,
  { name, http: { rate } }: HttpFunction,
  per: "caller" | "address",
  who: string,
): Promise<void> => {
  if (!rate || rate.per !== per || !cache) return;
  const verdict = await cache.limit(`rate:${name}:${who}`, rate).catch((error: unknown) => {
    log.warn("rate not counted", { function: name, error });
    return { allowed: true, retry_after_seconds: 0 };
  });
  if (verdict.allowed) return;
  throw new AppError("too_many", "Too many requests", { retry_after_seconds: verdict.retry_after_seconds });
};

/** Row-level security would answer an empty list; a city that is not the caller's does not exist for them. */
const mustBeOwnCity = ({ kind, cities }: Caller, input: Record<string, unknown>): void => {
  if (cities === "all" || kind === "anyone") return;
  const named = [input["cidade_id"], ...(Array.isArray(input["cidade_ids"]) ? (input["cidade_ids"] as unknown[]) : [])];
  for (const city of named) {
    if (typeof city === "string" && !cities.includes(city)) {
      throw new AppError("not_found", "No such city", { reason: "city.unknown" });
    }
  }
};

const ifMatchOf = ({ method }: Http, headers: Headers): number | null => {
  if (method !== "PATCH") return null;
  const stated = headers.get("if-match");
  if (stated === "*") return null;
  const version = /^"(\d{1,9})"$/.exec(stated ?? "")?.[1];
  if (version !== undefined) return Number(version);
  throw new AppError("malformed", 'A change names the version it is based on: If-Match: "<version>"', {
    reason: stated === null ? "if_match.missing" : "if_match.form",
  });
};

/** Honoured where the effect is one transaction; elsewhere refused rather than ignored. */
const idempotencyOf = async (
  definition: HttpFunction,
  caller: Caller,
  headers: Headers,
  read: Read,
): Promise<IdempotentRequest | null> => {
  const key = headers.get("idempotency-key");
  if (key === null || definition.http.method === "GET") return null;
  if (!takesIdempotencyKey(definition)) {
    throw new AppError("malformed", "An Idempotency-Key is not taken here", { reason: "idempotency.not_offered" });
  }
  return idempotentRequest(key, caller, definition.name, read);
};

export const takesIdempotencyKey = (definition: HttpFunction): boolean =>
  definition.http.method !== "GET" &&
  definition.http.access !== "anyone" &&
  runsInTransaction(definition) &&
  !definition.needs.includes("cookies");

const inProgress = (cause: unknown): AppError =>
  new AppError("conflict", "The same request is under way", {
    reason: "idempotency.in_progress",
    retry_after_seconds: 1,
    cause,
  });
