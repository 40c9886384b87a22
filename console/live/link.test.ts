import { expect, test } from "vitest";
import type { ToConsole } from "#lib/wire/console.ts";
import { createLink } from "./link.ts";
import type { FromMediaHost } from "./media-messages.ts";

const uuid = "0190c0de-0000-7000-8000-000000000001";

test("what may have been missed is asked for once the server listens for this page, and whenever it says so", () => {
  let receive: (message: FromMediaHost) => void = () => undefined;
  const link = createLink({
    url: "ws://gt.test/console/socket",
    ticket: async () => "t",
    liveToken: async () => "t",
    isForbidden: () => false,
    onEnded: () => undefined,
    monotonic: () => 0,
    station: () => 0,
    random: () => 0.5,
    host(heard) {
      receive = heard;
      return { close: () => undefined, send: () => undefined };
    },
  });
  const heard: (string | null)[] = [];
  link.onNotification((notification) => void heard.push(notification?.event ?? null));
  const say = (message: ToConsole): void => receive({ type: "said", message });
  link.start();
  receive({ type: "opened" });
  // Asked now, a list could be answered before the server hears what changes in it.
  expect(heard).toEqual([]);
  say({ type: "welcome", server_time_ms: 0, cities: "all" });
  say({ type: "notification", id: uuid, cidade_id: uuid, event: "clip.ready", data: {} });
  say({ type: "ask_again" });
  expect(heard).toEqual([null, "clip.ready", null]);
  link.stop();
});
