import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse as parseYaml } from "yaml";
import { mediamtxFile, mediamtxText, versions } from "./settings.ts";

const root = join(import.meta.dirname, "../..");
/** As MediaMTX reads it. */
const parse = (text: string): unknown => parseYaml(text, { schema: "yaml-1.1" });
type Settings = Record<string, unknown>;

describe.each(versions)("the file for MediaMTX %s", (version) => {
  const settings = parse(readFileSync(join(root, mediamtxFile(version)), "utf8")) as Settings;

  test("is what it is derived to", () => {
    expect(settings).toEqual(parse(mediamtxText(version)));
  });

  test("keeps control, figures and plain readers on loopback, and asks about every reader", () => {
    const addresses = Object.entries(settings).filter(
      ([name]) => name.endsWith("Address") && name !== "authHTTPAddress",
    );
    const outside = addresses.filter(([, address]) => !String(address).startsWith("127.0.0.1:")).map(([name]) => name);
    // WebRTC's media is encrypted, and reaches only who was let in over HTTP.
    expect(outside).toEqual(["webrtcLocalUDPAddress"]);
    const asked = settings["externalAuthenticationURL"] ?? settings["authHTTPAddress"];
    expect(String(asked)).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/media\/authorise$/);
  });

  test("says in words what would else be read as yes or no", () => {
    expect(settings["encryption"] ?? settings["rtspEncryption"]).toBe("no");
  });

  test("has no path of its own, nobody publishes, and nothing is run", () => {
    expect(settings["paths"]).toEqual({});
    expect(settings["pathDefaults"]).toMatchObject({ sourceOnDemand: true, record: false });
    expect(JSON.stringify(settings)).not.toContain("runOn");
    expect([settings["rtmp"], settings["srt"], settings["playback"], settings["pprof"]]).toEqual(Array(4).fill(false));
  });
});

test("each version's own names are in its own file alone: the other would not start with them", () => {
  const [old, recent] = versions.map((version) => Object.keys(parse(mediamtxText(version)) as Settings));
  const only = (names: string[] = [], other: string[] = []): string[] =>
    names.filter((name) => !other.includes(name)).toSorted();
  expect(only(old, recent)).toEqual(["authMethods", "encryption", "externalAuthenticationURL", "protocols"]);
  expect(only(recent, old)).toEqual([
    "authHTTPAddress",
    "authHTTPExclude",
    "authMethod",
    "moq",
    "rtspAuthMethods",
    "rtspEncryption",
    "rtspTransports",
  ]);
});
