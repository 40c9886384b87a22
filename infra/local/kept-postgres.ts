/** PostgreSQL that is started again, on the same port, when it has ended by itself. */
import { startPostgres, type LocalPostgres, type PostgresOptions } from "./postgres.ts";

/** A full disk ends it again and again: it must be back soon after there is space. */
const PAUSES_MS = [200, 500, 1000, 2000, 4000];

export type KeptPostgres = Pick<LocalPostgres, "superuser_url" | "port"> & {
  pid(): number | null;
  stop(): Promise<void>;
};

export type Told = {
  onRestart?: () => void;
  /** Why it could not be started; not again while the reason is the same. It is tried on. */
  onFailure?: (why: string) => void;
};

export const keepPostgres = async (options: PostgresOptions, told: Told = {}): Promise<KeptPostgres> => {
  const first = await startPostgres(options);
  const { superuser_url, port } = first;
  const stopping = new AbortController();
  let running: LocalPostgres | null = first;

  const startAgain = async (): Promise<void> => {
    let said = "";
    for (let failures = 0; !stopping.signal.aborted; failures += 1) {
      const pause = PAUSES_MS[Math.min(failures, PAUSES_MS.length - 1)] ?? 0;
      await waitOrStop(pause, stopping.signal);
      if (stopping.signal.aborted) return;
      const started = await startPostgres({ ...options, port }).catch((error: unknown) => {
        const why = lastWords(error);
        if (why !== said && !stopping.signal.aborted) told.onFailure?.(why);
        said = why;
        return null;
      });
      if (stopping.signal.aborted) return started?.stop();
      running = started;
      if (running) return;
    }
  };
  const watch = async (): Promise<void> => {
    while (running) {
      await running.ended;
      running = null;
      if (stopping.signal.aborted) return;
      told.onRestart?.();
      await startAgain();
    }
  };
  const watching = watch();
  return {
    superuser_url,
    port,
    pid: () => running?.pid ?? null,
    async stop() {
      stopping.abort();
      await running?.stop();
      await watching;
    },
  };
};

/** What ended the server as it says itself, without the time and its number; else its last words. */
const lastWords = (error: unknown): string => {
  const lines = (error instanceof Error ? error.message : String(error)).trim().split("\n");
  const cause = lines.findLast((line) => /(?:FATAL|PANIC):/.test(line) && !line.includes("is starting up"));
  return (cause ?? lines.at(-1) ?? "").replace(/^[\d-]+ [\d:.]+ UTC \[\d+\] /, "");
};

const waitOrStop = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });
