/** A real request to one HTTP function: what must be there before, what is asked, which status is right. */
import type { TestClient } from "#test/harness/host.ts";
import type { Scene } from "../scene.ts";

export type Asked = {
  path: string;
  /** Default: POST with a body, GET without. */
  method?: string;
  body?: unknown;
  as?: Pick<TestClient, "authorization">;
  headers?: Record<string, string>;
};
export type Line = { status: number; ask(scene: Scene): Promise<Asked> };

export const line = (status: number, ask: Line["ask"]): Line => ({ status, ask });
