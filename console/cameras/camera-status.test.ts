import { expect, test } from "vitest";
import type { Camera } from "#functions/cidades/contract.ts";
import type { KnownState } from "#console/live/link.ts";
import { currentOf } from "./camera-status.tsx";

const camera = {
  status: "ONLINE",
  status_cause: null,
  status_since: "2026-05-04T12:00:00Z",
  is_active: true,
} as Camera;
const said = (heard_at: number): KnownState =>
  ({ status: "OFFLINE", cause: "wrong_password", since_ms: 7, heard_at }) as KnownState;

test("what the agent said a moment ago counts more than what is stored, and nothing once it is old", () => {
  expect(currentOf(camera, said(0), 9999)).toMatchObject({ status: "OFFLINE", cause: "wrong_password", since_ms: 7 });
  expect(currentOf(camera, said(0), 10_000)).toMatchObject({ status: "ONLINE", cause: null });
  expect(currentOf(camera, undefined, 0)).toMatchObject({
    status: "ONLINE",
    since_ms: Date.parse("2026-05-04T12:00:00Z"),
  });
});

test("a camera out of service is inactive, whatever was said of it last", () => {
  expect(currentOf({ ...camera, is_active: false }, said(0), 0)).toMatchObject({ status: "INATIVA", cause: null });
});
