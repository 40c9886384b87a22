import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { FIRST_PORT, LAST_PORT, claimPort } from "./ports.ts";

const folder = mkdtempSync(join(tmpdir(), "gt-ports-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const owner = (name: string): string => {
  mkdirSync(join(folder, name), { recursive: true });
  return join(folder, name, "camera-1");
};

test("two data folders get different ports, and each its own again", async () => {
  const claims = join(folder, "claims");
  const [first, second] = [await claimPort(owner("a"), claims), await claimPort(owner("b"), claims)];
  expect(first).not.toBe(second);
  expect(await claimPort(owner("a"), claims)).toBe(first);
  expect(await claimPort(owner("b"), claims)).toBe(second);
});

test("a port that a removed folder had is given away again", async () => {
  const claims = join(folder, "others");
  const first = await claimPort(owner("gone"), claims);
  rmSync(join(folder, "gone"), { recursive: true });
  expect(await claimPort(owner("new"), claims)).toBe(first);
});

test("when all are claimed it says so", async () => {
  const claims = join(folder, "full");
  const free = LAST_PORT - FIRST_PORT + 1;
  const claimed: number[] = [];
  for (let index = 0; index < free; index += 1) {
    const port = await claimPort(owner(`of-${index}`), claims).catch(() => null);
    if (port !== null) claimed.push(port);
  }
  expect(new Set(claimed).size).toBe(claimed.length);
  await expect(claimPort(owner("one-more"), claims)).rejects.toThrow(/No port/);
  expect(existsSync(claims)).toBe(true);
});
