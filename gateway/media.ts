/**
 * `POST /media/authorise`: MediaMTX asks whether somebody may read a path. Any 2xx lets in, so there is exactly one; whatever
 * goes wrong here keeps out. At the gateway and not a function, because each piece of a playlist is asked for: a cold start
 * would be a dark screen.
 */
import { Hono } from "hono";
import { AppError } from "#lib/errors.ts";
import { HookRequest, isReading, tokenIn } from "#lib/media-server/auth-hook.ts";
import type { GatewayNeeds } from "./needs.ts";

const LIMIT_BYTES = 16 * 1024;

export const mediaRoutes = (needs: Pick<GatewayNeeds, "liveGrantOf">): Hono =>
  new Hono().post("/media/authorise", async (context) => {
    // The first request of an RTSP reader comes without anything: 401 is what makes it say who it is.
    const refused = new Response(null, { status: 401 });
    const length = Number(context.req.header("content-length") ?? Number.NaN);
    if (!(length <= LIMIT_BYTES)) return refused;
    const asked = HookRequest.safeParse(await context.req.json().catch(() => null));
    const token = asked.success ? tokenIn(asked.data) : null;
    if (!asked.success || token === null || !isReading(asked.data)) return refused;
    const grant = await needs.liveGrantOf(token).catch((error: unknown) => {
      if (error instanceof AppError && error.code === "unauthorized") return null;
      throw error;
    });
    return grant?.camera_id === asked.data.path ? new Response(null, { status: 204 }) : refused;
  });
