/** `GET /_/refused-frames`: what frames of this process were refused, to who runs it; they lie in its memory alone. */
import { Hono } from "hono";
import type { Frames } from "#lib/frames/frames.ts";
import { refusedLine } from "#lib/frames/refused-lines.ts";
import { mustBeSystem } from "#lib/function/system-routes.ts";

export const refusedFramesRoute = (frames: Pick<Frames, "refused">, system_token: string): Hono =>
  new Hono().get("/_/refused-frames", async (context) => {
    await mustBeSystem(context.req.raw, system_token);
    const waiting = await frames.refused();
    // Line by line: all of them as one text might be 90 MB for each consumer.
    const lines = new ReadableStream<Uint8Array>({
      pull(controller) {
        const one = waiting.shift();
        if (one) controller.enqueue(Buffer.from(`${refusedLine(one)}\n`));
        else controller.close();
      },
    });
    return new Response(lines, { headers: { "content-type": "application/x-ndjson", "cache-control": "no-store" } });
  });
