import { AppError } from "#lib/errors.ts";
import type { Frames } from "#lib/frames/frames.ts";
import { memoryFrames, type MemoryFramesOptions } from "#lib/frames/memory.ts";
import { rabbitmqFrames, type RabbitmqFramesOptions } from "#lib/frames/rabbitmq.ts";

export type FramesOptions = MemoryFramesOptions & Partial<Omit<RabbitmqFramesOptions, "consumers">>;

/** `url` is `FRAMES_URL`; its scheme chooses the adapter. With RabbitMQ `slots_url` is `CACHE_URL`: the bytes wait in that Redis. */
export const connectFrames = async (url: string, options: FramesOptions): Promise<Frames> => {
  const scheme = url.slice(0, url.indexOf(":") + 1);
  if (scheme === "memory:") return memoryFrames(options);
  if (scheme !== "amqp:" && scheme !== "amqps:")
    throw new AppError("internal", "FRAMES_URL has an unknown scheme; there are: memory:, amqp:, amqps:");
  const { slots_url = "" } = options;
  if (!/^rediss?:/.test(slots_url))
    throw new AppError("internal", "FRAMES_URL names a RabbitMQ: the bytes wait in Redis, so CACHE_URL must name one");
  return rabbitmqFrames(url, { ...options, slots_url });
};
