import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { bundle, type Bundle, type BundleOptions } from "#infra/bundle.ts";
import type { AnyFunction } from "#lib/function/define.ts";
import { functionsOf } from "#lib/function/needs.ts";
import { testHost, testMaterial, type TestHost } from "#test/harness/host.ts";
import { startIsolates, type Isolates } from "./isolates.ts";
import { servePorts, type PortServer } from "./port-server.ts";
import { startReplicas, type Replicas } from "./replicas.ts";
import { requests } from "./requests.ts";
import type { Asked } from "./requests/line.ts";
import { sceneOf } from "./scene.ts";

/** What cannot run in workerd, and why. They run as two Node processes that take turns instead. */
const exceptions: Record<string, string> = {
  "accept-link": "argon2id: workerd's node:crypto has none",
  "create-user": "argon2id: workerd's node:crypto has none",
  "sign-in": "argon2id: workerd's node:crypto has none",
};

/** What a bundle of a context may carry. A function that brings more says so here. */
const allowed: Record<string, readonly string[]> = {
  admin: ["hono", "jose", "postgres", "zod"],
  cidades: ["hono", "jose", "postgres", "zod"],
  streaming: ["hono", "jose", "postgres", "zod"],
  ai: ["hono", "jose", "postgres", "zod"],
};
const remote = "#test/workerd/remote-ports.ts";
const options: BundleOptions = { connectFrom: { objects: remote, cache: remote } };
type Listed = { context: string; definition: AnyFunction };
const listed = functionsOf(catalogue);
const overHttp = listed.filter(({ definition }) => "http" in definition);
/** It is lent the eyes of its process. */
const looks = ({ definition: { needs } }: Listed): boolean => needs.includes("pictures") || needs.includes("vision");
const nameOf = ({ definition }: Listed): string => definition.name;

const bundles = new Map<string, Promise<Bundle>>();
const bundleOf = (name: string): Promise<Bundle> => {
  const found = overHttp.find((one) => nameOf(one) === name);
  if (!found) throw new Error(`${name} is no HTTP function`);
  const there = bundles.get(name) ?? bundle([found], "worker", options);
  bundles.set(name, there);
  return there;
};

const counter = "let seen = 0; export default { fetch: () => new Response(String((seen += 1))) };";

let host: TestHost;
let ports: PortServer;
let isolates: Isolates;
let replicas: Replicas;
beforeAll(async () => {
  host = await testHost(catalogue);
  ports = await servePorts(host);
  const material = await testMaterial();
  const { app, system } = host.database.urls;
  const environment = {
    DATABASE_URL: app,
    SYSTEM_DATABASE_URL: system,
    OBJECTS_URL: ports.url,
    CACHE_URL: ports.url,
  };
  isolates = await startIsolates(async (name) => (name === "counter" ? counter : (await bundleOf(name)).code), {
    ...environment,
    SECRETS: JSON.stringify(material),
  });
  const { code } = await bundle(
    overHttp.filter((one) => nameOf(one) in exceptions),
    "process",
    options,
  );
  replicas = await startReplicas(code, environment, material);
});
afterAll(async () => {
  await Promise.all([isolates?.close(), replicas?.close()]);
  await ports?.close();
  await host?.close();
});

const requestOf = ({ path, method, body, as, headers }: Asked, origin = "http://gt.test"): Request =>
  new Request(`${origin}${path}`, {
    method: method ?? (body === undefined ? "GET" : "POST"),
    headers: {
      ...(as ? { authorization: as.authorization } : {}),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

/** Without what differs between any two answers: ids, times, secrets, signatures. */
const comparable = async (response: Response) => ({
  status: response.status,
  type: response.headers.get("content-type"),
  etag: response.headers.has("etag"),
  cookie: /^[^=]+/.exec(response.headers.get("set-cookie") ?? "")?.[0],
  body: (await response.text())
    .replaceAll(/"(access_token|token|ticket|key|secret|enrolment_code|revision)":"[^"]+"/g, '"$1":"…"')
    .replaceAll(/"server_time_ms":\d+/g, '"server_time_ms":"…"')
    .replaceAll(/([?&](?:exp|kid|mac))=[^&"]+/g, "$1=…")
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "id")
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d[:-]\d\d[:-]\d\d(\.\d+)?Z(-[0-9a-f]{6})?/g, "time")
    .replaceAll(/(Cidade|Câmera) [0-9a-f]{4,6}\b/g, "$1"),
});

/** The same request of two scenes: one answered in process, one by whoever `elsewhere` asks. */
const bothAnswers = async (name: string, elsewhere: (asked: Asked) => Promise<Response>) => {
  const line = requests[name];
  if (!line) throw new Error(`${name} has no line in requests.ts`);
  const [here, there] = [await line.ask(await sceneOf(host)), await line.ask(await sceneOf(host))];
  const inProcess = await comparable(await host.host.fetch(requestOf(here), { address: "127.0.0.1" }));
  const other = await comparable(await elsewhere(there));
  // What this request caused is nobody's business in the scenes that follow.
  await host.database.owner`update outbox set published_at = now() where published_at is null`;
  return { expected: line.status, inProcess, other };
};

test("every HTTP function has its request, and nothing else has", () => {
  expect(Object.keys(requests).toSorted()).toEqual(overHttp.map(nameOf).toSorted());
  expect(Object.keys(exceptions).filter((name) => !(name in requests))).toEqual([]);
});

test("no isolate answers twice: what a module remembers of a request is gone before the next", async () => {
  const counted = [1, 2].map(async () => (await isolates.fetch("counter", new Request("http://gt.test/"))).text());
  expect(await Promise.all(counted)).toEqual(["1", "1"]);
});

describe("in workerd, in an isolate of its own, a request to", () => {
  test.for(overHttp.map(nameOf).filter((name) => !(name in exceptions)))(
    "%s is answered as in process",
    async (name) => {
      const { expected, inProcess, other } = await bothAnswers(name, (asked) => isolates.fetch(name, requestOf(asked)));
      expect(other).toEqual(inProcess);
      expect(other.status, other.body).toBe(expected);
    },
  );
});

describe("by two processes that take turns, a request to", () => {
  test.for(Object.keys(exceptions))("%s is answered as in process, by either", async (name) => {
    const asked = new Set<number>();
    for (const _ of [1, 2]) {
      const { expected, inProcess, other } = await bothAnswers(name, async (request) => {
        const { url, pid } = replicas.next();
        asked.add(pid);
        return fetch(requestOf(request, url), { redirect: "manual" });
      });
      expect(other).toEqual(inProcess);
      expect(other.status, other.body).toBe(expected);
    }
    expect(asked.size).toBe(2);
  });

  test("sign-in is limited by what both have counted", async () => {
    const body = { email: "nobody@example.org", password: "wrong in every process" };
    const statuses = new Set<number>();
    for (let attempt = 0; attempt < 12; attempt += 1) {
      statuses.add((await fetch(requestOf({ path: "/api/sessions", body }, replicas.next().url))).status);
    }
    expect([...statuses]).toEqual([401, 429]);
  });
});

describe("the bundle of", () => {
  test.for(overHttp.map((one) => [nameOf(one), one.context] as const))(
    "%s carries only what its context may carry",
    async ([name, context]) => {
      const { packages } = await bundleOf(name);
      expect(packages.filter((one) => !allowed[context]?.includes(one))).toEqual([]);
    },
  );

  test.for(Object.keys(catalogue).filter((context) => context !== "ai"))(
    "what of %s does not look at pictures has no vision in it",
    async (context) => {
      const blind = listed.filter((one) => one.context === context && !looks(one));
      const { packages } = await bundle(blind, "process");
      expect(packages).toContain("postgres");
      expect(packages.filter((one) => one === "sharp" || one.startsWith("onnxruntime"))).toEqual([]);
    },
  );
});
