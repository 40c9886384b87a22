/** Signed requests by `fetch`, with patience that ends: what reads objects, in a process and in a worker. */
import type { Bucket } from "#lib/object-store/object-store.ts";
import { objectUrl, type S3Address, type S3Credentials } from "./s3-address.ts";
import { isPassing, s3Refusal, unreachable, type S3Answer } from "./s3-errors.ts";
import { signHeaders } from "./s3-signing.ts";

export type S3Access = {
  address: S3Address;
  credentials: () => Promise<S3Credentials>;
  clock: () => Date;
  /** Without an answer, or without another byte of it. */
  patience_ms: number;
};
export type Answered = {
  headers: Headers;
  status: number;
  /** Fails with `unavailable` when the line is cut or nothing comes any more. */
  chunks(): AsyncGenerator<Uint8Array>;
  /** What is not read must be let go of. */
  discard(): Promise<void>;
};

const TRIES = 3;
const FIRST_PAUSE_MS = 100;
export const PATIENCE_MS = 20_000;
export const EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/** Answers `null` for what is not there. Throws what `s3Refusal` makes of anything else that is no success. */
export const requestObject = async (
  access: S3Access,
  method: "GET" | "HEAD",
  bucket: Bucket,
  key: string,
  headers: Record<string, string> = {},
): Promise<Answered | null> =>
  withTries(async () => {
    const url = objectUrl(access.address, access.address.endpoint, bucket, key);
    const signer = { credentials: await access.credentials(), region: access.address.region, at: access.clock() };
    const patience = stallGuard(access.patience_ms);
    try {
      const signed = await signHeaders(signer, { method, url, headers }, EMPTY_SHA256);
      const response = await fetch(url, { method, headers: signed, redirect: "manual", signal: patience.signal });
      if (response.ok || response.status === 416) return answered(response, patience);
      const answer = await answerOf(response);
      patience.end();
      if (answer.status === 404 && answer.code !== "NoSuchBucket") return null;
      throw s3Refusal(answer, access.clock());
    } catch (error) {
      patience.end();
      // `fetch` names neither its faults nor ours: it throws a TypeError or what ended the signal.
      throw error instanceof Error && error.name === "AppError" ? error : unreachable(error);
    }
  });

/** Lines that were kept open die unseen, and a server that restarts is back in a moment. */
export const withTries = async <R>(work: () => Promise<R>, most: number = TRIES): Promise<R> => {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (!isPassing(error) || tries >= most) throw error;
      await new Promise((resolve) => setTimeout(resolve, FIRST_PAUSE_MS * 2 ** (tries - 1) * (0.5 + Math.random())));
    }
  }
};

type StallGuard = { signal: AbortSignal; touch(): void; end(): void };

const stallGuard = (patience_ms: number): StallGuard => {
  const stop = new AbortController();
  const arm = () => setTimeout(() => stop.abort(new Error("nothing came any more")), patience_ms);
  let timer = arm();
  return {
    signal: stop.signal,
    touch() {
      clearTimeout(timer);
      timer = arm();
    },
    end: () => clearTimeout(timer),
  };
};

const answered = (response: Response, patience: StallGuard): Answered => {
  const { body } = response;
  if (body === null) patience.end();
  return {
    headers: response.headers,
    status: response.status,
    async *chunks() {
      const reader = body?.getReader();
      try {
        for (;;) {
          patience.touch();
          const next = await reader?.read().catch((error: unknown) => {
            throw unreachable(error);
          });
          if (!next || next.done) return;
          yield next.value;
        }
      } finally {
        patience.end();
        await reader?.cancel().catch(() => undefined);
      }
    },
    async discard() {
      patience.end();
      await body?.cancel().catch(() => undefined);
    },
  };
};

const answerOf = async (response: Response): Promise<S3Answer> => ({
  status: response.status,
  code: /<Code>(\w+)<\/Code>/.exec(await response.text())?.[1] ?? null,
  date: response.headers.get("date"),
  retry_after: response.headers.get("retry-after"),
});
