import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { ToConsole } from "#lib/wire/console.ts";
import { createConnection, waitOf } from "./connection.ts";
import type { FromMediaHost, ToMediaHost } from "./media-messages.ts";

/** A page with a line whose other end is this test. `station` may jump; `hold` keeps the page from running. */
const page = (ticket: () => Promise<string> = () => Promise.resolve("t")) => {
  let receive: (message: FromMediaHost) => void = () => undefined;
  let hosts = 0;
  let jump = 0;
  let answers = true;
  const sent: ToMediaHost[] = [];
  const say = (message: ToConsole): void => receive({ type: "said", message });
  const connection = createConnection(
    {
      url: "ws://gt.test/console/socket",
      ticket,
      onEnded: () => undefined,
      monotonic: () => performance.now(),
      station: () => Date.now() + jump,
      random: () => 0.5,
      host(heard) {
        receive = heard;
        hosts += 1;
        return {
          close: () => undefined,
          send(message) {
            sent.push(message);
            if (message.type !== "say" || message.message.type !== "clock" || !answers) return;
            const { sent_at } = message.message;
            queueMicrotask(() => say({ type: "clock", sent_at, server_time_ms: Date.now() }));
          },
        };
      },
    },
    { onOpened: () => undefined, onSaid: () => undefined, onMedia: () => undefined },
  );
  const dials = (): number => sent.filter(({ type }) => type === "connect").length;
  return {
    connection,
    dials,
    hosts: () => hosts,
    isLinked: () => connection.state.get().linked,
    fallSilent: () => (answers = false),
    sleep: (ms: number) => (jump += ms),
    close: (code: number) => receive({ type: "closed", code }),
    async open() {
      connection.start();
      await vi.advanceTimersByTimeAsync(0);
      receive({ type: "opened" });
      await vi.advanceTimersByTimeAsync(0);
    },
  };
};

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("the page's line to the server", () => {
  test("is believed once the server has answered", async () => {
    const { open, isLinked, connection } = page();
    expect(isLinked()).toBe(false);
    await open();
    expect(isLinked()).toBe(true);
    connection.stop();
  });

  test("that says nothing is not believed after three seconds, and another is made after nine", async () => {
    const { open, isLinked, fallSilent, dials, hosts, connection } = page();
    await open();
    fallSilent();
    await vi.advanceTimersByTimeAsync(4000);
    expect([isLinked(), dials()]).toEqual([false, 1]);
    await vi.advanceTimersByTimeAsync(8000);
    expect([dials(), hosts()]).toEqual([2, 2]);
    connection.stop();
  });

  test("that was closed is made again, later each time", async () => {
    const { open, close, dials, connection } = page();
    await open();
    close(1006);
    await vi.advanceTimersByTimeAsync(499);
    expect(dials()).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(dials()).toBe(2);
    close(1006);
    await vi.advanceTimersByTimeAsync(999);
    expect(dials()).toBe(2);
    await vi.advanceTimersByTimeAsync(1);
    expect(dials()).toBe(3);
    connection.stop();
  });

  test("an attempt that hangs is another one's turn", async () => {
    const asked: number[] = [];
    const { connection } = page(() => {
      asked.push(performance.now());
      return new Promise(() => undefined);
    });
    connection.start();
    await vi.advanceTimersByTimeAsync(13_000);
    expect(asked).toHaveLength(2);
    connection.stop();
  });

  test("a station that has slept believes nothing until the server has answered", async () => {
    const { open, isLinked, sleep, fallSilent, connection } = page();
    await open();
    fallSilent();
    sleep(600_000);
    await vi.advanceTimersByTimeAsync(1000);
    expect(isLinked()).toBe(false);
    connection.stop();
  });

  test("no two stations wait the same, and nobody waits for ever", () => {
    expect(waitOf(0, () => 0)).toBeCloseTo(350);
    expect(waitOf(0, () => 1)).toBeCloseTo(650);
    expect(waitOf(99, () => 1)).toBeCloseTo(19_500);
  });
});
