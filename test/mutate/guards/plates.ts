import type { Guard } from "./guard.ts";

export const plates: readonly Guard[] = [];
