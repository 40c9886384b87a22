/** One way to ask a function: what it takes and answers, and where it is asked, is in `api.ts`. */
import { routes, type Api, type Route } from "./api.ts";

export type FunctionName = keyof Api;

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
  let url = route.path.replaceAll(/\{(\w+)\}/g, (_, part: string) => {
    const value = encodeURIComponent(String(rest[part]));
    delete rest[part];
    return value;
  });
  const hasBody = route.method !== "GET" && route.method !== "DELETE";
  if (!hasBody) url += queryOf(rest);
  const headers: Record<string, string> = {};
  if (hasBody) headers["content-type"] = "application/json";
  if (route.anyone !== true && options.token) headers["authorization"] = `Bearer ${options.token}`;
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
