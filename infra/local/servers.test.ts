import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readAddresses, readServersFile, unreachable } from "./servers.ts";

const database = {
  DATABASE_URL: "postgres://gt_app:a@127.0.0.1:6432/gt",
  SYSTEM_DATABASE_URL: "postgres://gt_system:s@127.0.0.1:6432/gt",
  OWNER_DATABASE_URL: "postgres://gt_owner:o@127.0.0.1:5432/gt",
};

describe("addresses of servers", () => {
  test("without any, every port is on this machine's own adapter", () => {
    expect(readAddresses({})).toEqual({ BROKER_URL: "postgres:", FRAMES_URL: "memory:", CACHE_URL: "memory:" });
  });

  test.each(Object.keys(database))("a database without %s is refused with what is absent", (name) => {
    const { [name as keyof typeof database]: _, ...rest } = database;
    expect(() => readAddresses(rest)).toThrow(name);
  });

  test("a RabbitMQ whose queues cannot be loaded is refused", () => {
    expect(() => readAddresses({ BROKER_URL: "amqp://gt:x@127.0.0.1" })).toThrow("RABBITMQ_MANAGEMENT_URL");
  });

  test("frames over RabbitMQ are refused without its management, and without a Redis for their bytes", () => {
    const frames = { FRAMES_URL: "amqp://gt:x@127.0.0.1" };
    expect(() => readAddresses(frames)).toThrow("RABBITMQ_MANAGEMENT_URL");
    const loaded = { ...frames, RABBITMQ_MANAGEMENT_URL: "http://gt:x@127.0.0.1:15672" };
    expect(() => readAddresses(loaded)).toThrow("CACHE_URL");
    expect(readAddresses({ ...loaded, CACHE_URL: "redis://127.0.0.1" })).toMatchObject(frames);
  });

  test("a malformed one is named, and its value is not said", () => {
    expect(() => readAddresses({ ...database, DATABASE_URL: "secret without a scheme" })).toThrow(
      /^Environment: DATABASE_URL is malformed$/,
    );
  });

  test("who does not answer is named without the password, and who answers is not", async () => {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const there = readAddresses({ CACHE_URL: `redis://:geheim@127.0.0.1:${port}` });
    expect(await unreachable(there)).toEqual([]);
    server.close();
    await once(server, "close");
    expect(await unreachable(there)).toEqual([`CACHE_URL 127.0.0.1:${port}`]);
  });
});

describe("the file of `--real`", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "gt-servers-"));
    mkdirSync(join(root, "infra"));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  test("is made once, for its owner alone, and can be read", () => {
    const first = readServersFile(root);
    expect(first.made).toBe(true);
    expect(statSync(first.file).mode & 0o777).toBe(0o600);
    const again = readServersFile(root);
    expect(again.made).toBe(false);
    expect(again.source).toEqual(first.source);
    expect(readAddresses(again.source)).toMatchObject({ BROKER_URL: expect.stringContaining("amqp://gt:") });
  });

  test("says every password that the composition asks for, and the ports that it opens, on loopback only", () => {
    const text = readFileSync(join(import.meta.dirname, "../compose.yml"), "utf8");
    const { source } = readServersFile(root);
    const asked = [...text.matchAll(/\$\{(\w+):\?/g)].map(([, name]) => name ?? "");
    expect(asked.filter((name) => !source[name])).toEqual([]);
    const { services } = parse(text) as { services: Record<string, { ports: string[]; healthcheck?: object }> };
    const opened = Object.values(services).flatMap(({ ports }) => ports);
    expect(opened.filter((port) => !port.startsWith("127.0.0.1:"))).toEqual([]);
    const ports = opened.map((port) => /:-(\d+)\}/.exec(port)?.[1] ?? "");
    const named = Object.entries(source).filter(([name]) => name.endsWith("_URL"));
    const addressed = named.map(([, address]) => new URL(address.replace(/^s3:/, "")).port);
    expect(new Set(addressed)).toEqual(new Set(ports));
    expect(Object.values(services).filter(({ healthcheck }) => !healthcheck)).toEqual([]);
  });
});
