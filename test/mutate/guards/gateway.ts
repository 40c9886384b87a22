import type { Guard } from "./guard.ts";

export const gateway: readonly Guard[] = [
  {
    guards: "a console's socket opens from its own page only",
    file: "gateway/gateway.ts",
    find: "      mustBeSameOrigin(request);\n",
    replace: "",
    tests: ["gateway/gateway.test.ts"],
  },
  {
    guards: "a stream token is worth nothing on another session's socket",
    file: "gateway/notifications.ts",
    find: "grant.session_id !== entry.session.session_id ||",
    replace: "",
    tests: ["gateway/gateway.test.ts"],
  },
  {
    guards: "a notification reaches only those who may see its kind",
    file: "gateway/notifications.ts",
    find: "message && entry.session.may(permissionFor[message.event], message.cidade_id)",
    replace: "message",
    tests: ["gateway/gateway.test.ts"],
  },
  {
    guards: "a slow viewer skips to a key frame instead of showing torn pictures",
    file: "gateway/live-pictures.ts",
    find: "if (viewer.waitsForKey && !message.header.key) return;",
    replace: "",
    tests: ["gateway/gateway.test.ts"],
  },
];
