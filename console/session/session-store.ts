/** Who is signed in. The access token lives in this memory only; the cookie that renews it is out of our reach. */
import type * as z from "zod";
import type { Session } from "#functions/admin/contract.ts";
import { isApiError } from "#console/call.ts";
import { createStore, type Store } from "#console/ui/store.ts";

export type SessionState =
  | { kind: "unknown" }
  /** Nobody answers, or not well; tried again. */
  | { kind: "unreachable"; error: unknown }
  | { kind: "out"; reason: "none" | "ended" | "signed_out" }
  | { kind: "in"; session: z.output<typeof Session> };

export type SessionStore = {
  state: Store<SessionState>;
  /** Asks for a new access token; many askers are one question. */
  refresh(): Promise<void>;
  accept(session: z.output<typeof Session>): void;
  end(reason: "ended" | "signed_out"): void;
  /** The token to send now; null when nobody is signed in. */
  token(): string | null;
};

export type SessionNeeds = {
  ask(): Promise<z.output<typeof Session>>;
  /** Runs `work` while no other tab does the same. */
  alone(work: () => Promise<void>): Promise<void>;
  later(work: () => void, ms: number): () => void;
};

const RETRY_MS = 3000;

export const createSessionStore = ({ ask, alone, later }: SessionNeeds): SessionStore => {
  const state = createStore<SessionState>({ kind: "unknown" });
  let running: Promise<void> | null = null;
  let cancel: (() => void) | null = null;
  let generation = 0;

  const plan = (ms: number): void => {
    cancel?.();
    cancel = later(() => void refresh(), ms);
  };
  const accept = (session: z.output<typeof Session>): void => {
    generation++;
    state.set({ kind: "in", session });
    plan(renewAfter(session.access_token));
  };
  const end = (reason: "none" | "ended" | "signed_out"): void => {
    generation++;
    cancel?.();
    cancel = null;
    state.set({ kind: "out", reason });
  };
  const once = async (): Promise<void> => {
    const begun = generation;
    try {
      const session = await ask();
      // Somebody signed in or out while we asked: the answer is about the past.
      if (generation === begun) accept(session);
    } catch (error) {
      if (generation !== begun) return;
      if (isApiError(error) && error.problem.status === 401) {
        return end(state.get().kind === "in" ? "ended" : "none");
      }
      if (state.get().kind !== "in") state.set({ kind: "unreachable", error });
      plan(RETRY_MS);
    }
  };
  const refresh = (): Promise<void> => {
    running ??= alone(once).finally(() => {
      running = null;
    });
    return running;
  };
  return {
    state,
    refresh,
    accept,
    end,
    token() {
      const now = state.get();
      return now.kind === "in" ? now.session.access_token : null;
    },
  };
};

/**
 * After three quarters of the token's life. Its length is read from the token itself (`exp` − `iat`), because the
 * workstation's clock may be wrong.
 */
export const renewAfter = (token: string): number => {
  const life = lifeOf(token) ?? 240;
  return Math.max(5, life * 0.75) * 1000;
};

const lifeOf = (token: string): number | null => {
  try {
    const claims = token.split(".")[1] ?? "";
    const { iat, exp } = JSON.parse(atob(claims.replaceAll("-", "+").replaceAll("_", "/"))) as Record<string, unknown>;
    return typeof iat === "number" && typeof exp === "number" && exp > iat ? exp - iat : null;
  } catch {
    return null;
  }
};
