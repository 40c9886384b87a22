/** One thread with the networks, and the question it has at the moment. */
import { Worker } from "node:worker_threads";
import { AppError } from "#lib/errors.ts";
import type { Finds } from "./find-plates.ts";
import type { Answer, Question, WorkerData } from "./find-worker.ts";
import { wordsOf, type Luma, type Provider } from "./networks.ts";

export type Started = { provider: Provider; fallback: string | null } | { reason: string };
export type Call = { picture: Luma; resolve(finds: Finds): void; reject(error: unknown): void };

export type SeatOptions = {
  file: URL;
  data: WorkerData;
  limit_ms: number;
  /** It can take a question. */
  free(seat: Seat): void;
  /** It ended. `call`: what it had then; nobody answers it any more. */
  gone(seat: Seat, call: Call | null, cause: unknown): void;
};

export type Seat = {
  /** How loading ended; a thread that dies over it resolves this too. */
  started: Promise<Started>;
  isFree(): boolean;
  give(call: Call): void;
  /** Once it has answered what it was asked. */
  end(): Promise<void>;
};

export const openSeat = (options: SeatOptions): Seat => {
  const worker = new Worker(options.file, { workerData: options.data });
  const held: { ready: boolean; call: Call | null; timer: NodeJS.Timeout | undefined; cause: unknown } = {
    ready: false,
    call: null,
    timer: undefined,
    cause: undefined,
  };
  const release = (): Call | null => {
    clearTimeout(held.timer);
    const { call } = held;
    held.call = null;
    return call;
  };
  const [started, ended] = [Promise.withResolvers<Started>(), Promise.withResolvers<void>()];
  const seat: Seat = {
    started: started.promise,
    isFree: () => held.ready && held.call === null,
    give(call) {
      held.call = call;
      // In halves: after a sleep of the machine the first is over at once, though the thread did nothing wrong.
      const half = (then: () => void): NodeJS.Timeout => setTimeout(then, options.limit_ms / 2);
      held.timer = half(() => (held.timer = half(() => void worker.terminate())));
      worker.postMessage({ kind: "find", picture: call.picture } satisfies Question);
    },
    // A thread that is ended by force while ONNX Runtime works takes the whole process with it (SIGABRT, 1.30.0).
    end() {
      worker.postMessage({ kind: "end" } satisfies Question);
      return ended.promise;
    },
  };
  worker.on("message", (answer: Answer) => {
    if (answer.kind === "broken") return started.resolve({ reason: answer.reason });
    if (answer.kind === "ready") held.ready = true;
    if (answer.kind === "ready") started.resolve(answer);
    if (answer.kind === "found") release()?.resolve(answer.finds);
    if (answer.kind === "failed") release()?.reject(new AppError("internal", `The networks failed: ${answer.reason}`));
    options.free(seat);
  });
  worker.on("error", (error: unknown) => (held.cause = error));
  worker.on("exit", (code) => {
    const cause = held.cause ?? new Error(`the thread ended with ${code}`);
    held.ready = false;
    started.resolve({ reason: wordsOf(cause) });
    options.gone(seat, release(), cause);
    ended.resolve();
  });
  return seat;
};
