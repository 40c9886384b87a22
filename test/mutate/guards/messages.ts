import type { Guard } from "./guard.ts";

export const messages: readonly Guard[] = [];
