/** Every package that is installed may be used in an Apache-2.0 project; what is not permissive is named with its reason. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const permissive = new Set([
  "MIT",
  "Apache-2.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "ISC",
  "0BSD",
  "Unlicense",
  "CC0-1.0",
  "BlueOak-1.0.0",
  "Python-2.0",
]);

/** Package name (or its beginning) → licence and why it is allowed. */
const byName: readonly { name: string; licence: string; reason: string }[] = [
  { name: "@fontsource/", licence: "OFL-1.1", reason: "fonts; their licence texts are shipped with the console" },
  { name: "@img/sharp-libvips-", licence: "LGPL-3.0-or-later", reason: "libvips as an unmodified shared library" },
  { name: "@img/sharp-", licence: "Apache-2.0 AND LGPL-3.0-or-later", reason: "the same, with its binding" },
  {
    name: "@img/sharp-wasm32",
    licence: "Apache-2.0 AND LGPL-3.0-or-later AND MIT",
    reason: "the same, for other platforms",
  },
  { name: "@axe-core/playwright", licence: "MPL-2.0", reason: "used unmodified, in tests only" },
  { name: "axe-core", licence: "MPL-2.0", reason: "used unmodified, in tests only" },
  { name: "lightningcss", licence: "MPL-2.0", reason: "used unmodified by the test runner only" },
];

type Locked = { license?: string; dev?: boolean };

const packages = (): { name: string; licence: string }[] => {
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
    packages: Record<string, Locked>;
  };
  return Object.entries(lock.packages)
    .filter(([path]) => path !== "")
    .map(([path, locked]) => ({
      name: path.slice(path.lastIndexOf("node_modules/") + 13),
      licence: locked.license ?? declared(path),
    }));
};

const declared = (path: string): string => {
  const file = join(root, path, "package.json");
  if (!existsSync(file)) return "unknown";
  const { license } = JSON.parse(readFileSync(file, "utf8")) as { license?: string };
  return license ?? "unknown";
};

/** `MIT OR X` is ours to choose. */
const isPermissive = (licence: string): boolean =>
  licence
    .replaceAll(/[()]/g, "")
    .split(" OR ")
    .some((choice) => choice.split(" AND ").every((part) => permissive.has(part.trim())));

const isAllowed = ({ name, licence }: { name: string; licence: string }): boolean =>
  isPermissive(licence) || byName.some((allowed) => name.startsWith(allowed.name) && licence === allowed.licence);

test("no package comes under a licence that this project may not use", () => {
  const found = packages();
  expect(found.length).toBeGreaterThan(50);
  expect(found.filter((entry) => !isAllowed(entry))).toEqual([]);
});

test("a package under a copyleft or unknown licence would be noticed", () => {
  expect(isAllowed({ name: "somebody", licence: "GPL-3.0-only" })).toBe(false);
  expect(isAllowed({ name: "somebody", licence: "AGPL-3.0" })).toBe(false);
  expect(isAllowed({ name: "somebody", licence: "unknown" })).toBe(false);
  expect(isAllowed({ name: "somebody", licence: "(GPL-2.0 OR MIT)" })).toBe(true);
});

test("what is not permissive is named in NOTICE", () => {
  const notice = readFileSync(join(root, "NOTICE"), "utf8");
  const words = { "@fontsource/": "Atkinson Hyperlegible", "@img/": "libvips", "@axe-core/": "axe-core" };
  const named = (name: string): string => Object.entries(words).find(([start]) => name.startsWith(start))?.[1] ?? name;
  expect(byName.filter(({ name }) => !notice.includes(named(name)))).toEqual([]);
});

test("the lock file names no address to download from", () => {
  expect(readFileSync(join(root, "package-lock.json"), "utf8")).not.toContain('"resolved"');
});
