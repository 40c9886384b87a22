/** workerd with one bundle per function and a fresh isolate per request: what a function left in its module is gone. */
import { Miniflare, Request as IsolateRequest } from "miniflare";

export type Isolates = {
  fetch(name: string, request: Request): Promise<Response>;
  close(): Promise<void>;
};

/** `codeOf`: the bundle of a function by its name. `environment` is what a platform would give every function. */
export const startIsolates = async (
  codeOf: (name: string) => Promise<string>,
  environment: Record<string, string>,
): Promise<Isolates> => {
  let requests = 0;
  const miniflare = new Miniflare({
    modules: true,
    script: loader,
    compatibilityDate: COMPATIBILITY_DATE,
    workerLoaders: { LOADER: {} },
    bindings: { ENVIRONMENT: environment },
    serviceBindings: {
      CODE: async (request: IsolateRequest) => new Response(await codeOf(await request.text())) as never,
    },
  });
  await miniflare.ready;
  return {
    async fetch(name, request) {
      requests += 1;
      const headers = [...request.headers, ["x-function", name], ["x-isolate", `${name} ${requests}`]] as const;
      const body = request.body === null ? undefined : await request.arrayBuffer();
      const sent = new IsolateRequest(request.url, {
        method: request.method,
        headers: headers as never,
        redirect: "manual",
        ...(body === undefined ? {} : { body }),
      });
      const { status, headers: answered, ...response } = await read(await miniflare.dispatchFetch(sent.url, sent));
      return new Response(response.body, { status, headers: answered });
    },
    close: () => miniflare.dispose(),
  };
};

const COMPATIBILITY_DATE = "2026-04-01";

/** Another name is another isolate; two requests never share one. */
const loader = `
export default {
  async fetch(request, { LOADER, CODE, ENVIRONMENT }) {
    const name = request.headers.get("x-function");
    const worker = LOADER.get(request.headers.get("x-isolate"), async () => ({
      compatibilityDate: "${COMPATIBILITY_DATE}",
      compatibilityFlags: ["nodejs_compat"],
      mainModule: "main.js",
      modules: { "main.js": await (await CODE.fetch("http://code/", { method: "POST", body: name })).text() },
      env: ENVIRONMENT,
    }));
    return worker.getEntrypoint().fetch(request);
  },
};`;

type Answered = { status: number; headers: Headers; body: string | null };

const read = async (response: Awaited<ReturnType<Miniflare["dispatchFetch"]>>): Promise<Answered> => ({
  status: response.status,
  headers: new Headers([...response.headers]),
  body: response.status === 204 ? null : await response.text(),
});
