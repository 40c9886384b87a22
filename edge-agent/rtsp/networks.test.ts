import { describe, expect, test } from "vitest";
import { allows, parseNetworks } from "./networks.ts";

const own = ["192.168.7.2", "fd00::2"];
const may = (entries: readonly string[], address: string, port = 554): boolean =>
  allows(parseNetworks(entries), address, port, own);

describe("by default", () => {
  test.each(["10.1.2.3", "172.31.0.1", "192.168.1.20", "100.64.0.1", "fd12::1", "::ffff:10.0.0.1"])(
    "%s may be dialled",
    (address) => {
      expect(may(["private"], address)).toBe(true);
    },
  );
  test.each([
    "8.8.8.8",
    "127.0.0.1",
    "::1",
    "169.254.1.1",
    "fe80::1",
    "0.0.0.0",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "224.0.0.1",
    "192.168.7.2",
    "fd00::2",
  ])("%s may not", (address) => expect(may(["private"], address)).toBe(false));
});

describe("this machine and this link", () => {
  test("are not reached by an entry that names everything", () => {
    for (const address of [
      "127.0.0.1",
      "169.254.1.1",
      "0.0.0.0",
      "192.168.7.2",
      "::ffff:192.168.7.2",
      "::ffff:c0a8:702",
    ])
      expect(may(["0.0.0.0/0"], address)).toBe(false);
    for (const address of ["::1", "fe80::1", "fd00::2", "::"]) expect(may(["::/0"], address)).toBe(false);
    expect(may(["0.0.0.0/0"], "8.8.8.8")).toBe(true);
  });
  test("are reached by an entry that names them, with its ports only", () => {
    const entries = ["127.0.0.1:18554-18599", "[::1]:554", "169.254.0.0/16", "192.168.7.2"];
    expect(may(entries, "127.0.0.1", 18_554)).toBe(true);
    expect(may(entries, "::ffff:127.0.0.1", 18_599)).toBe(true);
    expect(may(entries, "127.0.0.1", 18_600)).toBe(false);
    expect(may(entries, "127.0.0.2", 18_554)).toBe(false);
    expect(may(entries, "::1", 554)).toBe(true);
    expect(may(entries, "169.254.3.3")).toBe(true);
    expect(may(entries, "192.168.7.2")).toBe(true);
  });
});

test.each(["example.org", "10.0.0.0/99", "10.0.0.1:port", "", "rtsp://10.0.0.1"])("“%s” is no network", (entry) => {
  expect(() => parseNetworks([entry])).toThrow("camera_networks");
});
