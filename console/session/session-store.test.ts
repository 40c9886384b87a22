import { describe, expect, test } from "vitest";
import type { ApiError } from "#console/call.ts";
import { createSessionStore, renewAfter, type SessionNeeds } from "./session-store.ts";

type Session = Awaited<ReturnType<SessionNeeds["ask"]>>;

const tokenOf = (claims: object): string => `h.${btoa(JSON.stringify(claims))}.s`;
const session = (name: string, seconds = 300): Session => ({
  access_token: `${tokenOf({ iat: 1000, exp: 1000 + seconds })}${name}`,
  expires_at: "2026-01-01T00:00:00Z",
  user: { id: "0190c5a0-0000-7000-8000-000000000001", nome: name, email: "a@example.org" },
  permissions: [],
  cities: "all",
});
const refusal = (status: number): ApiError =>
  Object.assign(new Error("no"), {
    problem: { type: "", title: "", status, code: "unauthorized", correlation_id: "" },
  });

const setUp = () => {
  const answers: ((session: Session | Error) => void)[] = [];
  const timers: { work: () => void; ms: number }[] = [];
  const store = createSessionStore({
    ask: () =>
      new Promise((resolve, reject) =>
        answers.push((answer) => (answer instanceof Error ? reject(answer) : resolve(answer))),
      ),
    alone: (work) => work(),
    later: (work, ms) => {
      const timer = { work, ms };
      timers.push(timer);
      return () => void timers.splice(timers.indexOf(timer), 1);
    },
  });
  return { store, answers, timers };
};

describe("session", () => {
  test("many askers are one refresh", async () => {
    const { store, answers } = setUp();
    const both = [store.refresh(), store.refresh()];
    expect(answers).toHaveLength(1);
    answers[0]?.(session("one"));
    await Promise.all(both);
    expect(store.token()).toBe(session("one").access_token);
  });

  test("it renews itself before the token ends, by the token's own length", async () => {
    const { store, answers, timers } = setUp();
    const done = store.refresh();
    answers[0]?.(session("one", 600));
    await done;
    expect(timers.map(({ ms }) => ms)).toEqual([450_000]);
    timers[0]?.work();
    expect(answers).toHaveLength(2);
  });

  test("without a session one is signed out, and an ended session says so", async () => {
    const { store, answers } = setUp();
    const first = store.refresh();
    answers[0]?.(refusal(401));
    await first;
    expect(store.state.get()).toEqual({ kind: "out", reason: "none" });
    store.accept(session("one"));
    const second = store.refresh();
    answers[1]?.(refusal(401));
    await second;
    expect(store.state.get()).toEqual({ kind: "out", reason: "ended" });
  });

  test("a server that is away ends no session, and is asked again", async () => {
    const { store, answers, timers } = setUp();
    store.accept(session("one"));
    const done = store.refresh();
    answers[0]?.(refusal(503));
    await done;
    expect(store.token()).toBe(session("one").access_token);
    expect(timers).toHaveLength(1);
    expect(timers[0]?.ms).toBeLessThan(10_000);
  });

  test("who signs out while a refresh is under way stays signed out", async () => {
    const { store, answers, timers } = setUp();
    store.accept(session("one"));
    const done = store.refresh();
    store.end("signed_out");
    answers[0]?.(session("two"));
    await done;
    expect(store.token()).toBeNull();
    expect(timers).toHaveLength(0);
  });

  test("a token that cannot be read is renewed soon", () => {
    expect(renewAfter("nonsense")).toBe(180_000);
    expect(renewAfter(tokenOf({ iat: 0, exp: 100 }))).toBe(75_000);
  });
});
