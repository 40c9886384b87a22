/** Asked before the host is started: one that cannot listen would only end again and again, with its reason in a log. */
import { createServer } from "node:net";
import { pause, type Pause } from "#lib/pause.ts";

/** A host whose supervisor was killed lets go of its port when its last answers are given. */
const PATIENCE_MS = 10_000;
const AGAIN_MS = 250;

export type Place = { listen: string; port: number };

type Patience = { naps: Pick<Pause, "nap" | "wakeAll">; patience_ms: number };

/** Throws one sentence for people. */
export const mustBeAbleToListen = async (
  place: Place,
  signal: AbortSignal,
  { naps = pause(), patience_ms = PATIENCE_MS }: Partial<Patience> = {},
): Promise<void> => {
  signal.addEventListener("abort", naps.wakeAll, { once: true });
  for (const began = performance.now(); ;) {
    const fault = await tryToListen(place);
    if (fault === null || signal.aborted) return;
    if (fault !== "EADDRINUSE" || performance.now() - began >= patience_ms) throw new Error(sentenceOf(fault, place));
    await naps.nap(AGAIN_MS);
  }
};

const tryToListen = ({ listen, port }: Place): Promise<string | null> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(port, listen, () => server.close(() => resolve(null)));
  });

const sentenceOf = (fault: string, { listen, port }: Place): string => {
  if (fault === "EADDRINUSE")
    return `Port ${port} on ${listen} is taken by another program. Stop it, or use another port: npm start -- --port N`;
  if (fault === "EACCES")
    return `This user may not listen on port ${port}. Use one from 1024 on: npm start -- --port N`;
  if (fault === "EADDRNOTAVAIL") return `${listen} is not an address of this machine: --listen ADDRESS.`;
  return `GT-Vision cannot listen on port ${port} of ${listen}: ${fault}`;
};
