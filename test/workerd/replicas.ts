/** Two Node processes of one bundle that take turns: nothing of a request may be kept in either. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { ringNames, type Material } from "#lib/secrets/material.ts";

export type Replicas = {
  /** Of the process whose turn it is. */
  next(): { url: string; pid: number };
  close(): Promise<void>;
};

export const startReplicas = async (
  code: string,
  environment: Record<string, string>,
  material: Material,
): Promise<Replicas> => {
  const folder = mkdtempSync(join(tmpdir(), "gt-replicas-"));
  const main = join(folder, "main.mjs");
  writeFileSync(main, code);
  writeSecrets(join(folder, "secrets"), material);
  const own = { PORT: "0", LISTEN_ADDRESS: "127.0.0.1", DRAIN_DELAY: "0", SECRETS_DIR: join(folder, "secrets") };
  const processes = await Promise.all([1, 2].map(() => startProcess(main, { ...environment, ...own })));
  let turn = 0;
  return {
    next() {
      turn += 1;
      const process = processes[turn % processes.length];
      if (!process) throw new Error("there is no replica");
      return { url: process.url, pid: process.child.pid ?? 0 };
    },
    async close() {
      await Promise.all(processes.map(({ child }) => ended(child)));
      rmSync(folder, { recursive: true });
    },
  };
};

/** As `SECRETS_DIR` has them. */
export const writeSecrets = (folder: string, { system_token, ...rings }: Material): void => {
  mkdirSync(folder);
  for (const ring of ringNames)
    writeFileSync(join(folder, `gt-${ring}.json`), JSON.stringify(rings[ring]), { mode: 0o600 });
  writeFileSync(join(folder, "gt-system-token"), system_token, { mode: 0o600 });
};

const startProcess = async (
  main: string,
  env: Record<string, string>,
): Promise<{ child: ChildProcess; url: string }> => {
  const child = spawn(process.execPath, [main], { env, stdio: ["ignore", "pipe", "inherit"] });
  for await (const line of createInterface({ input: child.stdout })) {
    const { message, port } = JSON.parse(line) as { message: string; port?: number };
    if (message !== "listening") continue;
    // What it says later is nobody's, but a full pipe would stop it.
    child.stdout.resume();
    return { child, url: `http://127.0.0.1:${port}` };
  }
  throw new Error(`${main} ended before it listened`);
};

const ended = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  await gone;
};
