/** What platforms ask of a process, and how the connector reaches functions in other processes. */
import type { Hono } from "hono";
import { AppError } from "#lib/errors.ts";
import type { Frame, FrameFormat } from "#lib/frames/frames.ts";
import { frameFormatOf } from "#lib/frames/media-types.ts";
import { METRICS_CONTENT_TYPE, type Metrics } from "#lib/metrics.ts";
import { sha256Hex } from "./access.ts";
import { answerReply, type Answer } from "./answer.ts";
import { essenceOf, readBody } from "./body.ts";
import { parseEvent } from "./delivery.ts";
import type { Exchange, HonoEnv, Open } from "./exchange.ts";
import type { Settled } from "./grants.ts";
import type { Runs } from "./host.ts";
import { parseStrictJson } from "./json.ts";
import { isNear, normalAddress } from "./peer.ts";
import { json, text, type Reply } from "./reply.ts";
import { sightOf } from "./sight-metrics.ts";

const DELIVERY_LIMIT_BYTES = 6 * 1024 * 1024;
const READY_SECONDS = 2;

type Needs = {
  settled: Settled;
  metrics: Metrics;
  runs: Runs;
  exchange: Exchange;
  draining: () => boolean;
  system_token?: string;
  ready?: () => Promise<void>;
};

export const systemRoutes = (app: Hono<HonoEnv>, needs: Needs): void => {
  const { exchange } = needs;
  const at =
    (route: string, answer: (request: Request, open: Open, name: string) => Promise<Reply>) =>
    ({ req, env }: { req: { raw: Request; param(name: string): string | undefined }; env: HonoEnv["Bindings"] }) => {
      env.exchange.route = route;
      return exchange.reply(env.exchange, answer(req.raw, env.exchange, req.param("name") ?? ""));
    };
  app.get(
    "/_/health",
    // Alive all the same: what is degraded here is gone without.
    at("/_/health", async () => json(200, { alive: true, degraded: degradedOf(needs.settled) })),
  );
  app.get(
    "/_/ready",
    at("/_/ready", async () => readyReply(needs)),
  );
  app.get(
    "/metrics",
    at("/metrics", async (request, open) => {
      const near = isNear(normalAddress(open.peer.address ?? "in-process")) && !request.headers.has("x-forwarded-for");
      if (!near) await mustBeSystem(request, needs.system_token);
      return text(200, await needs.metrics.text(), METRICS_CONTENT_TYPE);
    }),
  );
  if (needs.system_token === undefined) return;
  app.post(
    "/_/functions/:name",
    at("/_/functions/{name}", async (request, _, name) => {
      await mustBeSystem(request, needs.system_token);
      return answerReply(await run(needs.runs, name, request));
    }),
  );
};

const degradedOf = ({ cache, sight }: Settled): string[] => [
  ...(cache?.degraded() ? ["cache"] : []),
  ...(sight && sight.vision.state().state !== "ready" ? ["vision"] : []),
];

const readyReply = async ({ settled, ready, draining }: Needs): Promise<Reply> => {
  if (draining()) return json(503, { ready: false, cause: "draining" });
  const asked = ready ? ready() : settled.sql ? settled.sql`select 1`.then(() => undefined) : Promise.resolve();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("no answer in time")), READY_SECONDS * 1000);
  });
  try {
    await Promise.race([asked, late]);
    return json(200, { ready: true, ...sightOf(settled.sight) });
  } catch {
    return json(503, { ready: false, cause: "dependency" });
  } finally {
    clearTimeout(timer);
  }
};

/** Compared as hashes: how long a comparison takes says nothing about the token. */
export const mustBeSystem = async (request: Request, token: string | undefined): Promise<void> => {
  const given = /^Bearer (\S+)$/.exec(request.headers.get("authorization") ?? "")?.[1];
  const fits = token !== undefined && given !== undefined && (await sha256Hex(given)) === (await sha256Hex(token));
  if (!fits) throw new AppError("unauthorized", "This is for the system itself", { reason: "token.invalid" });
};

/** By what is posted: a CloudEvent, `{planned_for}`, or the bytes of a frame. */
const run = async (runs: Runs, name: string, request: Request): Promise<Answer> => {
  const type = essenceOf(request.headers.get("content-type"));
  const bytes = await readBody(request, DELIVERY_LIMIT_BYTES);
  const attempt = Math.max(1, Number(request.headers.get("x-attempt")) || 1);
  const format = frameFormatOf(type);
  if (format) {
    return runs.handleFrame(name, { frame: frameOf(request.headers, format, bytes), attempt });
  }
  let body: unknown;
  try {
    body = parseStrictJson(bytes);
  } catch {
    return { final: true, reason: "The message is not JSON" };
  }
  if (type === "application/cloudevents+json") {
    try {
      return await runs.deliver(parseEvent(body), name, attempt);
    } catch {
      return { final: true, reason: "The message is not a CloudEvent of ours" };
    }
  }
  const planned_for = new Date(String((body as { planned_for?: unknown } | null)?.planned_for));
  if (Number.isNaN(planned_for.getTime())) return { final: true, reason: "Neither an event nor a planned time" };
  return runs.runCron(name, planned_for);
};

const frameOf = (headers: Headers, format: FrameFormat, bytes: Uint8Array): Frame => {
  const text = (name: string): string => headers.get(name) ?? "";
  const captured_at = new Date(Number(text("x-captured-at")));
  const ids = [text("x-frame-id"), text("x-cidade-id"), text("x-camera-id")];
  if (Number.isNaN(captured_at.getTime()) || !ids.every((id) => /^[0-9a-f-]{36}$/.test(id))) {
    throw new AppError("malformed", "The frame's headers are incomplete");
  }
  const [id = "", cidade_id = "", camera_id = ""] = ids;
  const read_at_site = text("x-read-at-site") === "true" ? { read_at_site: true } : {};
  const correlation_id = text("x-correlation-id") || id;
  return { id, cidade_id, camera_id, captured_at, format, bytes, correlation_id, ...read_at_site };
};
