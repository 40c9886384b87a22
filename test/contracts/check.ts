/** Contract checks as values, so that the same ones prove good adapters right and broken ones wrong. */
import assert, { AssertionError } from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { untilNextLook } from "#test/harness/looking.ts";

/** What a check works on: fresh for each check, closed after it. */
export type Bench = { close(): Promise<void> };
export type Check<B extends Bench> = { title: string; run(make: () => Promise<B>): Promise<void> };

export const check = <B extends Bench>(title: string, body: (bench: B) => Promise<void>): Check<B> => ({
  title,
  run: async (make) => {
    const bench = await make();
    try {
      await body(bench);
    } finally {
      await bench.close();
    }
  },
});

/** An adapter with a known fault, and the check that must notice it. */
export type Broken<B extends Bench> = { name: string; fails: string; make(): Promise<B> };

/** Throws when the named check passes, or fails for another reason than a broken promise. */
export const mustFail = async <B extends Bench>(checks: readonly Check<B>[], broken: Broken<B>): Promise<void> => {
  const named = checks.find(({ title }) => title === broken.fails);
  assert.ok(named, `no check is called "${broken.fails}"`);
  const failure = await named.run(broken.make).then(
    () => null,
    (error: unknown) => error,
  );
  assert.ok(failure !== null, `the adapter that ${broken.name} passed "${broken.fails}"`);
  if (!(failure instanceof AssertionError)) throw failure;
};

/** Polls until `probe` answers neither `false`, `null` nor `undefined`. */
export const eventually = async <T>(
  what: string,
  probe: () => T | Promise<T>,
  deadlineMs = 3000,
): Promise<NonNullable<T>> => {
  const began = performance.now();
  for (;;) {
    const answer = await probe();
    if (answer !== false && answer !== null && answer !== undefined) return answer;
    const waited = performance.now() - began;
    assert.ok(waited < deadlineMs, `not within ${deadlineMs} ms: ${what}`);
    // Some turn a clock with each look: never so seldom that those would take long.
    await delay(untilNextLook(waited, 5, 25));
  }
};

/** Polls for a while and asserts that `probe` stays false. */
export const never = async (what: string, probe: () => boolean, forMs = 150): Promise<void> => {
  const end = performance.now() + forMs;
  while (performance.now() < end) {
    assert.equal(probe(), false, what);
    await delay(5);
  }
};

export const refusal = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "no refusal",
    (error: unknown) => (error instanceof Error && "code" in error ? String(error.code) : String(error)),
  );

/** A clock that only moves when told to. */
export const handClock = (start = "2026-03-04T12:00:00.000Z") => {
  let at = Date.parse(start);
  return { now: () => new Date(at), pass: (ms: number) => void (at += ms) };
};
