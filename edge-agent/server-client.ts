/** The server as an agent sees it: its HTTP functions by their contracts, its store, its sockets. */
import type * as z from "zod";
import { AppError } from "#lib/errors.ts";

const SECONDS = 15;
const UPLOAD_SECONDS = 120;
/** Conflict; and what an S3 says where an object may only be made anew. */
const taken = new Set([409, 412]);

export type Server = {
  url: string;
  /** `seconds`: for bodies that a thin line needs long for. */
  call<T extends z.ZodType>(
    method: "GET" | "POST",
    path: string,
    body: unknown,
    answer: T,
    seconds?: number,
  ): Promise<z.output<T>>;
  /**
   * To a signed address of the store, absolute or of the server itself. `taken`: something is stored under this name already, or in
   * its way; the report will say whether it is these bytes.
   */
  put(address: string, headers: Record<string, string>, bytes: Blob): Promise<"stored" | "taken">;
  /** A frame for analysis: taken or lost, never waited for long. */
  ingest(headers: Record<string, string>, bytes: Uint8Array): Promise<void>;
  authorization(): Promise<string>;
  /** For sockets: `ws:` or `wss:`. */
  socketUrl(path: string): string;
  /** What is under way fails. */
  close(): void;
};

/** `onServerDate`: with each refused proof, the server's own time (ms): the clock here may be wrong. */
export const connectServer = (
  url: string,
  authorization: () => Promise<string>,
  onServerDate: (ms: number) => void = () => undefined,
): Server => {
  const closing = new AbortController();
  const request = async (address: string, init: RequestInit, seconds: number): Promise<Response> => {
    const signal = AbortSignal.any([closing.signal, AbortSignal.timeout(seconds * 1000)]);
    const response = await fetch(address, { ...init, redirect: "error", signal }).catch((cause: unknown) => {
      throw new AppError("unavailable", "The server cannot be reached", { reason: "server.unreachable", cause });
    });
    const said = Date.parse(response.headers.get("date") ?? "");
    if (response.status === 401 && !Number.isNaN(said)) onServerDate(said);
    return response;
  };
  return {
    url,
    authorization,
    close: () => closing.abort(),
    socketUrl: (path) => `${url.replace(/^http/, "ws")}${path}`,
    async call(method, path, body, answer, seconds = SECONDS) {
      const response = await request(
        `${url}${path}`,
        {
          method,
          headers: { authorization: await authorization(), "content-type": "application/json" },
          ...(method === "GET" ? {} : { body: JSON.stringify(body) }),
        },
        seconds,
      );
      const text = await response.text();
      if (!response.ok) throw refusalOf(response, text);
      return answer.parse(text === "" ? null : JSON.parse(text));
    },
    async put(address, headers, bytes) {
      const absolute = address.startsWith("/") ? `${url}${address}` : address;
      const init = { method: "PUT", headers, body: bytes };
      const response = await request(absolute, init, UPLOAD_SECONDS);
      const text = await response.text();
      if (taken.has(response.status)) return "taken";
      if (!response.ok) throw refusalOf(response, text);
      return "stored";
    },
    async ingest(headers, bytes) {
      const all = { ...headers, authorization: await authorization() };
      const init = { method: "POST", headers: all, body: bytes as Uint8Array<ArrayBuffer> };
      const response = await request(`${url}/ingest`, init, SECONDS);
      const text = await response.text();
      if (!response.ok) throw refusalOf(response, text);
    },
  };
};

const refusalOf = (response: Response, text: string): AppError => {
  const { status } = response;
  const passing = status >= 500 || status === 408 || status === 429;
  const code = status === 401 ? "unauthorized" : passing ? "unavailable" : "invalid";
  const reason = reasonIn(text);
  const after = Number(response.headers.get("retry-after") ?? Number.NaN);
  return new AppError(code, `The server answered ${response.status}`, {
    params: { status },
    ...(reason === null ? {} : { reason }),
    ...(after >= 0 ? { retry_after_seconds: after } : {}),
  });
};

const reasonIn = (text: string): string | null => {
  try {
    const problem: unknown = JSON.parse(text);
    const known = typeof problem === "object" && problem !== null;
    if (known && "reason" in problem && typeof problem.reason === "string") return problem.reason;
    return known && "code" in problem && typeof problem.code === "string" ? problem.code : null;
  } catch {
    return null;
  }
};
