import { createContext, useCallback, useContext, useEffect, useState, type ReactNode } from "react";
import type { Api } from "#console/api.ts";
import { call, isApiError, type CallOptions, type FunctionName } from "#console/call.ts";
import { useStore } from "#console/ui/store.ts";
import type { Permission } from "#lib/function/permissions.ts";
import { createSessionStore, type SessionStore } from "./session-store.ts";

export type Ask = <N extends FunctionName>(
  name: N,
  input: Api[N]["input"],
  options?: Omit<CallOptions, "token">,
) => Promise<Api[N]["output"]>;

type Value = { store: SessionStore; ask: Ask; signOut(): Promise<void> };
const SessionContext = createContext<Value | null>(null);
const CHANNEL = "gt.session";

/** Only one tab renews at a time; the others then send the cookie that it got. */
const alone = (work: () => Promise<void>): Promise<void> =>
  "locks" in navigator ? navigator.locks.request("gt.session.refresh", work) : work();

export const createAsk =
  (store: SessionStore): Ask =>
  async (name, input, options = {}) => {
    try {
      return await call(name, input, { ...options, token: store.token() });
    } catch (error) {
      if (!isApiError(error) || error.problem.status !== 401 || store.token() === null) throw error;
      // The token ended while it was on its way, or the station slept: once more with a new one.
      await store.refresh();
      if (store.token() === null) throw error;
      return call(name, input, { ...options, token: store.token() });
    }
  };

const create = (): Value => {
  const store = createSessionStore({
    ask: () => call("refresh-session", {}),
    alone,
    later: (work, ms) => {
      const timer = setTimeout(work, ms);
      return () => clearTimeout(timer);
    },
  });
  const ask = createAsk(store);
  const signOut = async (): Promise<void> => {
    await ask("sign-out", {}).catch(() => null);
    store.end("signed_out");
    const channel = new BroadcastChannel(CHANNEL);
    channel.postMessage("signed_out");
    channel.close();
  };
  return { store, ask, signOut };
};

export const SessionProvider = ({ children }: { children: ReactNode }) => {
  const [value] = useState(create);
  useEffect(() => {
    void value.store.refresh();
    const channel = new BroadcastChannel(CHANNEL);
    channel.addEventListener("message", () => value.store.end("signed_out"));
    // A station that slept comes back with an old token.
    const onVisible = (): void => {
      if (document.visibilityState === "visible" && value.store.state.get().kind === "in") void value.store.refresh();
    };
    document.addEventListener("visibilitychange", onVisible);
    return () => {
      channel.close();
      document.removeEventListener("visibilitychange", onVisible);
    };
  }, [value]);
  return <SessionContext value={value}>{children}</SessionContext>;
};

export const useSession = (): Value => {
  const value = useContext(SessionContext);
  if (!value) throw new Error("Outside of SessionProvider");
  return value;
};

export const useAsk = (): Ask => useSession().ask;

/** What one may do. A thing that is not allowed is not shown. */
export const useMay = (): ((permission: Permission) => boolean) => {
  const state = useStore(useSession().store.state);
  const permissions = state.kind === "in" ? state.session.permissions : none;
  return useCallback((permission) => permissions.includes(permission), [permissions]);
};
const none: readonly Permission[] = [];
