/** A real request to each HTTP function, by the name of the function. */
import { admin } from "./requests/admin.ts";
import { ai } from "./requests/ai.ts";
import { cidades } from "./requests/cidades.ts";
import type { Line } from "./requests/line.ts";
import { streaming } from "./requests/streaming.ts";

export const requests: Record<string, Line> = { ...admin, ...cidades, ...streaming, ...ai };
