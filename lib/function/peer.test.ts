import { describe, expect, test } from "vitest";
import { isNear, isTraceparent, newTraceparent, traceOf, trustedAddresses } from "./peer.ts";

describe("trusted addresses", () => {
  test("are single ones and IPv4 networks, also when IPv6 wraps them", () => {
    const trusted = trustedAddresses(["10.1.0.0/16", "192.168.1.7", "::1"]);
    expect(["10.1.255.255", "192.168.1.7", "::1"].every(trusted)).toBe(true);
    expect(["10.2.0.0", "10.0.255.255", "192.168.1.8", "::2", "10.1", "a"].some(trusted)).toBe(false);
    expect(() => trustedAddresses(["10.0.0.0/33"])).toThrow();
  });

  test("vouch for the next hop only", () => {
    const trace = (forwarded: string) =>
      traceOf(
        new Request("http://gt.test/", { headers: { "x-forwarded-for": forwarded, "x-forwarded-proto": "https" } }),
        { address: "::ffff:10.0.0.1" },
        trustedAddresses(["10.0.0.0/8"]),
        new Date(),
      );
    expect(trace("1.1.1.1, 8.8.8.8, 10.0.0.9")).toMatchObject({ address: "8.8.8.8", secure: true });
    expect(trace("<script>").address).toBe("10.0.0.1");
    expect(trace("").address).toBe("10.0.0.1");
  });

  test("nearby means loopback and private networks", () => {
    expect(["127.0.0.1", "::1", "172.31.0.1"].every(isNear)).toBe(true);
    expect(["172.32.0.1", "8.8.8.8", "", "2001:db8::1"].some(isNear)).toBe(false);
  });
});

test("a new traceparent has the form of W3C's", () => {
  expect(isTraceparent(newTraceparent())).toBe(true);
  expect(isTraceparent(`00-${"0".repeat(32)}-${"1".repeat(16)}-01`)).toBe(false);
  expect(isTraceparent(`00-${"1".repeat(32)}-${"0".repeat(16)}-01`)).toBe(false);
});
