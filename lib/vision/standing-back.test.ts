import { spawn } from "node:child_process";
import { once } from "node:events";
import { getPriority } from "node:os";
import { Worker } from "node:worker_threads";
import { expect, onTestFinished, test } from "vitest";
import { standBack } from "./standing-back.ts";

test("a thread stands back alone: the one that serves keeps its priority", async () => {
  const before = getPriority();
  const file = new URL("standing-back.ts", import.meta.url).href;
  const code = `import { getPriority } from "node:os"; import { parentPort } from "node:worker_threads";
    import { standBack } from ${JSON.stringify(file)}; standBack(); parentPort.postMessage(getPriority());`;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`));
  const [there] = (await once(worker, "message")) as [number];
  await worker.terminate();
  expect([there, getPriority()]).toEqual([Math.max(before, 10), before]);
});

test("so does a process; one that has ended is no fault", async () => {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
  onTestFinished(() => void child.kill());
  standBack(child.pid);
  expect(getPriority(child.pid)).toBe(Math.max(getPriority(), 10));
  child.kill();
  await once(child, "exit");
  expect(() => standBack(child.pid)).not.toThrow();
});
