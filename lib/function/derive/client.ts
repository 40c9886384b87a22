/** Catalogue → the console's typed client: routes as data, types by name from the contracts, one `call()`. No zod in it. */
import type * as z from "zod";
import type { Catalogue } from "../define.ts";
import { takesIdempotencyKey } from "../http-call.ts";
import { exportedName, httpEntries, pathNames, type Contracts, type HttpEntry } from "./names.ts";

export const clientText = (catalogue: Catalogue, contracts: Contracts): string => {
  const entries = httpEntries(catalogue).filter(isForTheConsole);
  const used = new Set<string>();
  const homeless: string[] = [];
  const refer = (context: string, schema: z.ZodType, which: string): string => {
    const exported = exportedName(contracts, context, schema);
    if (!exported) homeless.push(`${which} (functions/${context}/contract.ts)`);
    used.add(exported?.module ?? context);
    return `typeof ${exported?.module}.${exported?.name}`;
  };
  const shapes = entries.map(({ context, definition: { name, input, output } }) => {
    const answer = output.type === "null" ? "null" : `z.output<${refer(context, output, `the output of ${name}`)}>`;
    const asked = `z.input<${refer(context, input, `the input of ${name}`)}>`;
    return `  ${JSON.stringify(name)}: { input: ${asked}; output: ${answer} };`;
  });
  if (homeless.length > 0) throw new Error(`The console knows contracts only, export there: ${homeless.join(", ")}`);
  const routes = entries.map(({ definition }) => {
    const { method, path, access } = definition.http;
    const permission = typeof access === "object" ? access.permission : null;
    const parts = [
      `method: ${JSON.stringify(method)}`,
      `path: ${JSON.stringify(path)}`,
      `path_names: ${JSON.stringify(pathNames(path))}`,
      `signed_in: ${access !== "anyone"}`,
      `permission: ${JSON.stringify(permission)}`,
      `idempotent: ${takesIdempotencyKey(definition)}`,
    ];
    return `  ${JSON.stringify(definition.name)}: { ${parts.join(", ")} },`;
  });
  return [
    "/** Written by `npm run derive` from functions/catalogue.ts. Changes here are lost. */",
    'import type * as z from "zod";',
    'import type { Permission } from "#lib/function/permissions.ts";',
    ...[...used]
      .toSorted()
      .map((module) => `import type * as ${module} from ${JSON.stringify(contracts[module]?.from)};`),
    "",
    "export type Api = {",
    ...shapes,
    "};",
    "",
    "export const routes: Record<keyof Api, Route> = {",
    ...routes,
    "};",
    CALL,
  ].join("\n");
};

/** Agents and cameras speak for themselves, and raw bytes are no business of a page. */
const isForTheConsole = ({ definition: { http, needs } }: HttpEntry): boolean =>
  http.access !== "agent" && http.access !== "camera" && !needs.includes("rawBody");

const CALL = `
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

/** RFC 9457; what the page says is worded from \`reason\`, \`code\` and \`params\`. */
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

/** Throws an \`ApiError\` for every answer that is none, also when nobody answers (\`status\` 0, \`code\` \`unreachable\`). */
export const call = async <N extends FunctionName>(
  name: N,
  input: Api[N]["input"],
  options: CallOptions = {},
): Promise<Api[N]["output"]> => {
  const route: Route = routes[name];
  const rest: Record<string, unknown> = { ...input };
  let url = route.path;
  for (const one of route.path_names) {
    url = url.replace(\`{\${one}}\`, encodeURIComponent(String(rest[one])));
    delete rest[one];
  }
  const hasBody = route.method !== "GET" && route.method !== "DELETE";
  if (!hasBody) url += queryOf(rest);
  const headers: Record<string, string> = {};
  if (hasBody) headers["content-type"] = "application/json";
  if (route.signed_in && options.token) headers["authorization"] = \`Bearer \${options.token}\`;
  if (options.idempotency_key !== undefined) headers["idempotency-key"] = options.idempotency_key;
  if (options.if_match !== undefined) headers["if-match"] = options.if_match === "*" ? "*" : \`"\${options.if_match}"\`;
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
  return query.size === 0 ? "" : \`?\${query}\`;
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
  const whole: Problem = { type: "about:blank", title: "", status: 0, code: "internal", correlation_id: "", ...problem };
  return Object.assign(new Error(whole.title, { cause }), { problem: whole });
};
`;
