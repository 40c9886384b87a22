import { expect, test } from "vitest";
import { help, readOptions } from "./options.ts";

const read = (...args: string[]) => readOptions(args, "/nowhere");

test.each([
  ["20GB", 20e9],
  ["1.5 TB", 1.5e12],
  ["500mb", 500e6],
])("a reserve of %s is that many bytes", (text, bytes) => {
  expect(read("--reserve", text).reserve_bytes).toBe(bytes);
});

test("without the option the agent decides, and the help says how", () => {
  expect(read().reserve_bytes).toBeNull();
  expect(help).toMatch(/--reserve SIZE .*2 GB, or 5 %/s);
});

test.each(["20", "GB", "-5GB", "0GB", "0.1MB", "20GiB", "20 GB or so", ""])("“%s” is no reserve", (text) => {
  expect(() => read(`--reserve=${text}`)).toThrow(`--reserve takes a size like 20GB or 500MB, not “${text}”.`);
});
