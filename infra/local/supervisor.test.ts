import { once } from "node:events";
import { PassThrough } from "node:stream";
import { afterEach, expect, test, vi } from "vitest";
import { supervise } from "./supervisor.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

test("a process gets its own environment, whom this machine trusts and where compiled code lies, and nothing else that lies around", async () => {
  vi.stubEnv("NODE_EXTRA_CA_CERTS", "/nowhere/authority.pem");
  vi.stubEnv("NODE_COMPILE_CACHE", "/nowhere/compiled");
  vi.stubEnv("NODE_USE_SYSTEM_CA", "1");
  vi.stubEnv("SOME_PASSWORD", "secret");
  const output = new PassThrough({ encoding: "utf8" });
  const args = ["-e", "console.log(JSON.stringify(process.env)); setInterval(() => {}, 1000)"];
  const running = supervise({ name: "told", args, env: { OWN: "1" }, output, saysReady: false }, () => undefined);
  try {
    let said = "";
    while (!said.includes("}")) said += String((await once(output, "data"))[0]);
    const told = JSON.parse(said.slice(said.indexOf("{"))) as Record<string, string>;
    expect(told).toMatchObject({
      OWN: "1",
      NODE_EXTRA_CA_CERTS: "/nowhere/authority.pem",
      NODE_USE_SYSTEM_CA: "1",
      NODE_COMPILE_CACHE: "/nowhere/compiled",
    });
    expect(told).not.toHaveProperty("SOME_PASSWORD");
  } finally {
    await running.stop();
  }
});
