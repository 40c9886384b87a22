import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { seeded } from "#test/harness/seeded.ts";
import { keepPostgres, type KeptPostgres } from "./kept-postgres.ts";

const BACK_MS = 60_000;

let folder: string;
let kept: KeptPostgres;
const failures: string[] = [];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "gt-kept-"));
  const options = { dataDir: join(folder, "postgres"), password: "superuser", durable: true };
  kept = await keepPostgres(options, { onFailure: (why) => void failures.push(why) });
});
afterAll(async () => {
  await kept.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** The server's first process, as soon as it runs and not only when it answers. */
const starting = (): number | undefined =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .find((pid) => commandOf(pid).includes(`-D\0${join(folder, "postgres")}\0`));

const commandOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
};

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const isBack = async (): Promise<void> => {
  await expect.poll(() => kept.pid(), { timeout: BACK_MS }).not.toBeNull();
  const sql = postgres(kept.superuser_url, { max: 1 });
  expect(await sql`select 1 as n`).toEqual([{ n: 1 }]);
  await sql.end();
};

test("killed again and again, whatever it is at, it is back on its port", async () => {
  const chance = seeded("kept-postgres");
  for (let kills = 0; kills < 12; kills += 1) {
    await expect.poll(starting, { timeout: BACK_MS, interval: 5 }).toBeDefined();
    await pause(chance.below(500));
    const pid = starting();
    if (pid !== undefined) process.kill(pid, "SIGKILL");
  }
  await pause(50);
  await isBack();
});

test("killed while one of its processes does not notice, it is back all the same", async () => {
  const pid = kept.pid() ?? 0;
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").map(Number);
  const checkpointer = children.find((child) => commandOf(child).includes("checkpointer")) ?? 0;
  process.kill(checkpointer, "SIGSTOP");
  process.kill(pid, "SIGKILL");
  await expect.poll(() => kept.pid()).toBeNull();
  await isBack();
});

test("its port is none that is given to whoever asks for any", () => {
  const [first = 0] = readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8").split("\t").map(Number);
  expect(kept.port).toBeLessThan(first);
});

test("while it cannot be started it is said why, once, and it is back as soon as it can", async () => {
  failures.length = 0;
  const thief = createServer((socket) => socket.destroy());
  process.kill(kept.pid() ?? 0, "SIGKILL");
  await expect.poll(() => kept.pid()).toBeNull();
  await once(thief.listen(kept.port, "127.0.0.1"), "listening");
  await expect.poll(() => failures.length, { timeout: BACK_MS }).toBeGreaterThan(0);
  await pause(2500);
  expect(failures).toEqual(["FATAL:  could not create any TCP/IP sockets"]);
  await new Promise((resolve) => thief.close(resolve));
  await isBack();
});
