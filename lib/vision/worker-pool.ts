/** A few threads, each with one question at a time. One that dies costs the question it held, and another takes its place. */
import { AppError } from "#lib/errors.ts";
import type { Log } from "#lib/log.ts";
import type { Finds } from "./find-plates.ts";
import type { WorkerData } from "./find-worker.ts";
import type { Luma } from "./networks.ts";
import { openSeat, type Call, type Seat, type Started } from "./worker-seat.ts";

/** Threads that die while they load are started again ever more slowly: the fault is not the picture's. */
const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS] = [500, 30_000];

export type PoolOptions = {
  workers: number;
  most_waiting: number;
  data: WorkerData;
  file: URL;
  log: Log;
  limit_ms: number;
  died(): void;
};

export type WorkerPool = {
  /** Once every thread has its networks. `reason`: they do not load here. */
  started: Promise<Started>;
  ask(picture: Luma, signal?: AbortSignal): Promise<Finds>;
  close(): Promise<void>;
};

const unavailable = (message: string, reason: string, cause?: unknown): AppError =>
  new AppError("unavailable", message, { reason, retry_after_seconds: 1, ...(cause === undefined ? {} : { cause }) });
const closed = (): AppError => unavailable("Vision is being closed", "vision.closed");

export const openWorkerPool = (options: PoolOptions): WorkerPool => {
  const waiting = openWaiting(options.most_waiting);
  const crew = openCrew(options, (seat) => {
    const call = seat.isFree() ? waiting.next() : undefined;
    if (call) seat.give(call);
  });
  return {
    started: crew.started,
    ask: (picture, signal) => {
      const answer = waiting.add(picture, signal);
      crew.wake();
      return answer;
    },
    async close() {
      waiting.close();
      await crew.end();
    },
  };
};

type Crew = { started: Promise<Started>; wake(): void; end(): Promise<void> };

/** `free`: called for a seat that may take a question. */
const openCrew = ({ file, data, limit_ms, log, ...options }: PoolOptions, free: (seat: Seat) => void): Crew => {
  const seats = new Set<Seat>();
  const restarts = new Set<NodeJS.Timeout>();
  let ended = false;
  const seatIn = (pause_ms: number): Seat => {
    let ready = false;
    const gone = (left: Seat, call: Call | null, cause: unknown): void => {
      seats.delete(left);
      call?.reject(ended ? closed() : unavailable("A worker died over this picture", "vision.worker_died", cause));
      if (ended) return;
      options.died();
      log.error("a worker of the networks died", { over_a_picture: call !== null, error: cause });
      if (ready) return void seatIn(0);
      const next_ms = Math.min(Math.max(pause_ms * 2, FIRST_PAUSE_MS), LONGEST_PAUSE_MS);
      const timer = setTimeout(() => {
        restarts.delete(timer);
        seatIn(next_ms);
      }, next_ms);
      restarts.add(timer.unref());
    };
    const seat = openSeat({ file, data, limit_ms, free, gone });
    seats.add(seat);
    void seat.started.then((started) => (ready = !("reason" in started)));
    return seat;
  };
  const first = Array.from({ length: options.workers }, () => seatIn(0).started);
  return {
    started: Promise.all(first).then(
      (all) => all.find((one) => "reason" in one) ?? all[0] ?? { reason: "it was asked for no worker" },
    ),
    wake: () => {
      for (const seat of seats) free(seat);
    },
    async end() {
      ended = true;
      for (const timer of restarts) clearTimeout(timer);
      await Promise.all([...seats].map((seat) => seat.end()));
    },
  };
};

type Waiting = { add(picture: Luma, signal?: AbortSignal): Promise<Finds>; next(): Call | undefined; close(): void };

const openWaiting = (most: number): Waiting => {
  const calls: Call[] = [];
  let isClosed = false;
  return {
    add: (picture, signal) =>
      new Promise((resolve, reject) => {
        if (isClosed) return reject(closed());
        if (signal?.aborted) return reject(signal.reason as Error);
        if (calls.length >= most) return reject(unavailable("Too many pictures wait for the networks", "vision.busy"));
        const leave = (): void => {
          const at = calls.indexOf(call);
          if (at >= 0) calls.splice(at, 1);
          reject(signal?.reason as Error);
        };
        const done = (): void => signal?.removeEventListener("abort", leave);
        const call: Call = {
          picture,
          resolve: (finds) => (done(), resolve(finds)),
          reject: (error) => (done(), reject(error as Error)),
        };
        signal?.addEventListener("abort", leave, { once: true });
        calls.push(call);
      }),
    next: () => calls.shift(),
    close() {
      isClosed = true;
      for (const call of calls.splice(0)) call.reject(closed());
    },
  };
};
