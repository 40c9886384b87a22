/** Takes a frame, says so and keeps it: whoever started it ends it. */
import * as z from "zod";
import { readEnvironment } from "#lib/environment.ts";
import { overServers } from "#test/contracts/adapters/rabbitmq-frames.ts";
import { consumers } from "#test/contracts/frames.ts";

const { FRAMES_URL, CACHE_URL } = readEnvironment(z.object({ FRAMES_URL: z.string(), CACHE_URL: z.string() }));
const frames = await overServers({ consumers, url: FRAMES_URL, slots_url: CACHE_URL });
await frames.consume("plates", 1, ({ frame, attempt }) => {
  process.send?.({ name: frame.correlation_id, attempt });
  return new Promise(() => undefined);
});
