/** What surrounds every request, whoever answers it: trace, security headers, problem documents, one log line. */
import type { AppError } from "#lib/errors.ts";
import type { Caller } from "./define.ts";
import { appErrorOf } from "./faults.ts";
import type { Entry, Settled } from "./grants.ts";
import type { Observer } from "./observe.ts";
import { traceOf, type Peer, type Trace } from "./peer.ts";
import { problemReply, securityHeaders, toResponse, type Reply } from "./reply.ts";

/** One request under way; filled in as more becomes known. */
export type Open = {
  trace: Trace;
  peer: Peer;
  route: string;
  entry: Entry | undefined;
  caller: Caller | undefined;
  error: AppError | undefined;
  /** The kit built the response itself: its headers are complete. */
  own: boolean;
};
export type HonoEnv = { Bindings: { exchange: Open } };

export type Exchange = {
  around(
    request: Request,
    peer: Peer,
    answer: (env: { exchange: Open }) => Response | Promise<Response>,
  ): Promise<Response>;
  reply(open: Open, reply: Reply | Promise<Reply>): Promise<Response>;
  failed(open: Open, thrown: unknown): Promise<Response>;
};

export const createExchange = (needs: {
  settled: Settled;
  observer: Observer;
  trusted: (address: string) => boolean;
  refused: (open: Open, error: AppError) => Promise<void>;
}): Exchange => {
  const { settled, observer, trusted, refused } = needs;

  const failed = async (open: Open, thrown: unknown): Promise<Response> => {
    const error = appErrorOf(thrown);
    open.error = error;
    open.own = true;
    await refused(open, error);
    return toResponse(problemReply(error, open.trace.correlation_id), open.trace);
  };

  return {
    failed,
    async reply(open, reply) {
      try {
        const response = toResponse(await reply, open.trace);
        open.own = true;
        return response;
      } catch (thrown) {
        return failed(open, thrown);
      }
    },
    async around(request, peer, answer) {
      const started = performance.now();
      const trace = traceOf(request, peer, trusted, settled.clock());
      const open: Open = {
        trace,
        peer,
        route: "none",
        entry: undefined,
        caller: undefined,
        error: undefined,
        own: false,
      };
      const answered = await answer({ exchange: open });
      const response = open.own ? answered : withHeaders(answered, trace);
      observer.request({
        method: request.method,
        route: open.route,
        entry: open.entry,
        status: response.status,
        seconds: (performance.now() - started) / 1000,
        correlation_id: trace.correlation_id,
        caller: open.caller && `${open.caller.kind}:${open.caller.id}`,
        error: open.error,
      });
      return response;
    },
  };
};

/** Routes beside the functions say what they must themselves; the rest is added. */
const withHeaders = (response: Response, trace: Trace): Response => {
  const { headers } = response;
  for (const [name, value] of Object.entries(securityHeaders(trace))) if (!headers.has(name)) headers.set(name, value);
  return response;
};
