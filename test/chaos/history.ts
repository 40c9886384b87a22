/**
 * What clients did and heard, one line of JSON each. `ok`: acknowledged. `failed`: refused, so that it had no effect. `unknown`:
 * no answer, or one that says nothing of the effect.
 */
import { closeSync, openSync, writeSync } from "node:fs";

export type Outcome = "ok" | "failed" | "unknown";

export const kinds = [
  "post-plate",
  "watch-plate",
  "unwatch-plate",
  "acknowledge-alert",
  "request-clip",
  "upload-segment",
  "list-plates",
  "list-entries",
  "search-plates",
  "trespass",
] as const;
export type Kind = (typeof kinds)[number];

export type Operation = {
  kind: Kind;
  cidade_id: string;
  /** Attempts with the same key are one wish, with one effect at most. */
  key: string;
  /** Milliseconds of the run. */
  begun_ms: number;
  ended_ms: number;
  outcome: Outcome;
  /** Of HTTP; 0: no answer. */
  status: number;
  /** A refusal for now said when to come again. */
  says_when: boolean;
  /** Id of what was made or changed, where the answer names it. */
  id?: string;
  plate?: string;
  camera_id?: string;
  sha256?: string;
  /** Of a list: the ids in it, and words of other cities in it. */
  seen?: string[];
  foreign?: string[];
};

export type History = {
  operations: readonly Operation[];
  now(): number;
  add(operation: Operation): void;
  close(): void;
};

/** `file`: kept for whoever wants to look into a failed run. */
export const openHistory = (file: string): History => {
  const operations: Operation[] = [];
  const descriptor = openSync(file, "w");
  const begin = performance.now();
  return {
    operations,
    now: () => Math.round(performance.now() - begin),
    add(operation) {
      operations.push(operation);
      writeSync(descriptor, `${JSON.stringify(operation)}\n`);
    },
    close: () => closeSync(descriptor),
  };
};

/** Whether an answer says that nothing was done. A 503 may stand for a commit whose answer was lost. */
export const outcomeOf = (status: number): Outcome =>
  status >= 200 && status < 300 ? "ok" : status >= 400 && status < 500 ? "failed" : "unknown";

/** The attempts of each wish, by its key. */
export const wishesOf = (operations: readonly Operation[], kind: Kind): Map<string, Operation[]> =>
  Map.groupBy(
    operations.filter((operation) => operation.kind === kind),
    ({ key }) => key,
  );
