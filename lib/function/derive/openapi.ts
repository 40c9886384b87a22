/** Catalogue → OpenAPI 3.1. */
import * as z from "zod";
import type { Access } from "../define.ts";
import { takesIdempotencyKey } from "../http-call.ts";
import { statusOf } from "../problem.ts";
import {
  camel,
  checkRoutes,
  compare,
  exportedName,
  httpEntries,
  isSchema,
  pascal,
  pathNames,
  type Contracts,
  type HttpEntry,
} from "./names.ts";
import type { Catalogue } from "../define.ts";

type Json = { [name: string]: Json | string | number | boolean | null | Json[] | string[] };
type Components = Map<string, Json>;

const REFERENCE = "#/components/schemas/";

export const openapiText = (catalogue: Catalogue, contracts: Contracts, version: string): string => {
  const entries = httpEntries(catalogue);
  checkRoutes(entries);
  const components: Components = new Map([["Problem", problemSchema()]]);
  const answers = answerSchemas(entries, contracts, components);
  const paths: Record<string, Json> = {};
  for (const entry of entries) {
    const { method, path } = entry.definition.http;
    paths[path] = { ...paths[path], [method.toLowerCase()]: operation(entry, contracts, components, answers) };
  }
  const document = {
    openapi: "3.1.1",
    info: {
      title: "GT-Vision",
      version,
      description:
        "Video management for Brazilian cities. Errors are RFC 9457 problem documents; times are RFC 3339; ids are UUIDv7.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    tags: Object.keys(catalogue).map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        session: {
          type: "http",
          scheme: "bearer",
          bearerFormat: "JWT",
          description: "Access token of a signed-in user (RS256).",
        },
        agent: {
          type: "http",
          scheme: "bearer",
          bearerFormat: "JWT",
          description: "Signed by the agent itself (EdDSA), at most 120 s ahead.",
        },
        camera: { type: "http", scheme: "bearer", description: "A camera's key." },
      },
      schemas: Object.fromEntries([...components].toSorted(([a], [b]) => compare(a, b))),
    },
  };
  return `${JSON.stringify(document, null, 2)}\n`;
};

const operation = (
  { context, definition }: HttpEntry,
  contracts: Contracts,
  components: Components,
  answers: ReadonlyMap<z.ZodType, Json>,
): Json => {
  const { http, name, summary, input, output, audited } = definition;
  const said = toJson(input, "input");
  const inPath = pathNames(http.path);
  const properties = (said["properties"] ?? {}) as Record<string, Json>;
  const required = (said["required"] ?? []) as string[];
  const inQuery =
    http.method === "GET" || http.method === "DELETE"
      ? Object.keys(properties).filter((one) => !inPath.includes(one))
      : [];
  const status = http.status ?? 200;
  const isEmpty = output.type === "null";
  return {
    operationId: camel(name),
    summary,
    tags: [context],
    ...(describe(http.access, audited) === "" ? {} : { description: describe(http.access, audited) }),
    ...security(http.access),
    ...permissionOf(http.access),
    ...list("parameters", [
      ...inPath.map((one) => parameter("path", one, properties[one] ?? { type: "string" }, true)),
      ...inQuery.map((one) => parameter("query", one, properties[one] ?? {}, required.includes(one))),
      ...(takesIdempotencyKey(definition) ? [idempotencyKey] : []),
      ...(http.method === "PATCH" ? [ifMatch] : []),
    ]),
    ...requestBody({ context, definition }, { said, inPath, contracts, components }),
    responses: {
      [isEmpty ? 204 : status]: {
        description: isEmpty ? "Done" : "The answer",
        ...(isEmpty ? {} : content(answers.get(output) ?? {})),
      },
      default: {
        description: "A problem",
        content: { "application/problem+json": { schema: { $ref: `${REFERENCE}Problem` } } },
      },
    },
  };
};

const requestBody = (
  { context, definition }: HttpEntry,
  from: { said: Json; inPath: string[]; contracts: Contracts; components: Components },
): Json => {
  const { http, input, needs, name } = definition;
  if (http.method === "GET" || http.method === "DELETE") return {};
  if (needs.includes("rawBody")) {
    const types = http.accepts ?? ["application/json"];
    return { requestBody: { required: true, content: Object.fromEntries(types.map((type) => [type, {}])) } };
  }
  const {
    properties: all = {},
    required: needed = [],
    ...rest
  } = from.said as { properties?: Record<string, Json>; required?: string[] };
  const properties = Object.fromEntries(Object.entries(all).filter(([one]) => !from.inPath.includes(one)));
  if (Object.keys(properties).length === 0) return {};
  const required = needed.filter((one) => !from.inPath.includes(one));
  const schema = { ...rest, properties, ...(required.length === 0 ? {} : { required }) } as Json;
  const wanted = exportedName(from.contracts, context, input)?.name ?? `${pascal(name)}Request`;
  const free = isFree(from.components, wanted, schema) ? wanted : pascal(context) + wanted;
  from.components.set(free, schema);
  return { requestBody: { required: true, ...content({ $ref: REFERENCE + free }) } };
};

const isFree = (components: Components, name: string, schema: Json): boolean =>
  !components.has(name) || JSON.stringify(components.get(name)) === JSON.stringify(schema);

/** Answers and what they are made of by the names of the contracts; parts that nobody refers to are left out. */
const answerSchemas = (
  entries: readonly HttpEntry[],
  contracts: Contracts,
  components: Components,
): Map<z.ZodType, Json> => {
  const ids = schemaIds(contracts);
  const registry = z.registry<{ id: string }>();
  for (const [schema, id] of ids) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, { ...settings("output"), uri: (id) => REFERENCE + id });
  const plain = new Map(Object.entries(schemas).map(([id, schema]) => [id, tidy(schema as Json)]));
  const answers = new Map<z.ZodType, Json>();
  for (const { definition } of entries) {
    const id = ids.get(definition.output);
    answers.set(definition.output, id === undefined ? toJson(definition.output, "output") : { $ref: REFERENCE + id });
  }
  const take = (json: unknown): void => {
    for (const [, id] of JSON.stringify(json).matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
      const schema = plain.get(id ?? "");
      if (!id || !schema || components.has(id)) continue;
      components.set(id, schema);
      take(schema);
    }
  };
  for (const answer of answers.values()) take(answer);
  return answers;
};

/** The name in its contract; with the context before it where two contexts use the same name for different things. */
const schemaIds = (contracts: Contracts): Map<z.ZodType, string> => {
  const count = new Map<string, number>();
  for (const { exports } of Object.values(contracts))
    for (const name of Object.keys(exports)) count.set(name, (count.get(name) ?? 0) + 1);
  const ids = new Map<z.ZodType, string>();
  for (const [context, { exports }] of Object.entries(contracts)) {
    for (const [name, schema] of Object.entries(exports)) {
      const isPart = isSchema(schema) && (schema.type === "object" || schema.type === "enum");
      if (isPart && !ids.has(schema)) ids.set(schema, (count.get(name) ?? 0) > 1 ? pascal(context) + name : name);
    }
  }
  return ids;
};

const settings = (io: "input" | "output") =>
  ({
    io,
    target: "draft-2020-12",
    unrepresentable: "any",
    override: ({
      zodSchema,
      jsonSchema,
    }: {
      zodSchema: { _zod: { def: object } };
      jsonSchema: Record<string, unknown>;
    }) => {
      // Answers drop what they do not name; they do not promise never to name more.
      if (
        jsonSchema["additionalProperties"] === false &&
        !("catchall" in zodSchema._zod.def && zodSchema._zod.def.catchall)
      ) {
        delete jsonSchema["additionalProperties"];
      }
      // The format says it; the pattern is a screenful.
      if (["uuid", "date-time", "email"].includes(String(jsonSchema["format"]))) delete jsonSchema["pattern"];
      if (jsonSchema["minimum"] === Number.MIN_SAFE_INTEGER) delete jsonSchema["minimum"];
      if (jsonSchema["maximum"] === Number.MAX_SAFE_INTEGER) delete jsonSchema["maximum"];
    },
  }) as const;

const toJson = (schema: z.ZodType, io: "input" | "output"): Json =>
  tidy(z.toJSONSchema(schema, { ...settings(io), metadata: z.registry() }) as Json);

const tidy = (schema: Json): Json => {
  const { $schema: _, $id: __, ...rest } = schema;
  return rest as Json;
};

const parameter = (place: "path" | "query", name: string, schema: Json, required: boolean): Json => ({
  name,
  in: place,
  required,
  schema,
  ...(schema["type"] === "array" ? { style: "form", explode: true } : {}),
});

const idempotencyKey: Json = {
  name: "Idempotency-Key",
  in: "header",
  required: false,
  description: "The same key and request again: the same answer and no second effect.",
  schema: { type: "string", minLength: 1, maxLength: 200 },
};
const ifMatch: Json = {
  name: "If-Match",
  in: "header",
  required: true,
  description: 'The version that the change is based on, as `"3"`; `*` for any.',
  schema: { type: "string" },
};

const content = (schema: Json): Json => ({ content: { "application/json": { schema } } });
const list = (name: string, items: Json[]): Json => (items.length === 0 ? {} : { [name]: items });
const security = (access: Access): Json =>
  access === "anyone" ? { security: [] } : { security: [{ [typeof access === "object" ? "session" : access]: [] }] };
const permissionOf = (access: Access): Json =>
  typeof access === "object" ? { "x-permission": access.permission } : {};

const describe = (access: Access, audited: boolean | undefined): string =>
  [
    typeof access === "object"
      ? `Needs the permission \`${access.permission}\`${access.cities === "all" ? " in every city" : ""}.`
      : "",
    audited ? "Audited." : "",
  ]
    .filter((text) => text !== "")
    .join(" ");

const problemSchema = (): Json => ({
  type: "object",
  description: "RFC 9457. `code` and `reason` are closed words; the console words them.",
  properties: {
    type: { type: "string" },
    title: { type: "string" },
    status: { type: "integer" },
    code: { type: "string", enum: Object.keys(statusOf) },
    reason: { type: "string" },
    params: { type: "object", additionalProperties: { type: ["string", "number", "boolean"] } },
    errors: {
      type: "array",
      items: {
        type: "object",
        properties: { path: { type: "string" }, code: { type: "string" } },
        required: ["path", "code"],
      },
    },
    correlation_id: { type: "string" },
  },
  required: ["type", "title", "status", "code", "correlation_id"],
});
