/** The guards of the system, by area. */
import { atSite } from "./guards/at-site.ts";
import { database } from "./guards/database.ts";
import { edge } from "./guards/edge.ts";
import { gateway } from "./guards/gateway.ts";
import type { Guard } from "./guards/guard.ts";
import { media } from "./guards/media.ts";
import { messages } from "./guards/messages.ts";
import { objects } from "./guards/objects.ts";
import { plates } from "./guards/plates.ts";
import { rabbitmq } from "./guards/rabbitmq.ts";
import { redis } from "./guards/redis.ts";
import { requests } from "./guards/requests.ts";
import { screens } from "./guards/screens.ts";
import { sessions } from "./guards/sessions.ts";
import { streaming } from "./guards/streaming.ts";
import { vision } from "./guards/vision.ts";

export const guards: readonly Guard[] = [
  ...sessions,
  ...requests,
  ...database,
  ...messages,
  ...rabbitmq,
  ...redis,
  ...objects,
  ...media,
  ...gateway,
  ...streaming,
  ...plates,
  ...vision,
  ...edge,
  ...atSite,
  ...screens,
];
