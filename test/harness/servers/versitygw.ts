/** Versity S3 Gateway over a folder: a second S3, by other people, that keeps neither lifecycle rules nor parts as MinIO does. */
import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { freePorts, startProgram, temporaryFolder, type Running } from "./process.ts";

export type VersitygwServer = Running & { url: string; access_key: string; secret_key: string };

export const startVersitygw = async (options: {
  binary: string;
  say?: (line: string) => void;
}): Promise<VersitygwServer> => {
  const folder = temporaryFolder("versitygw");
  // The versions may not lie within the objects.
  const [objects, versions] = ["objects", "versions"].map((name) => join(folder.path, name)) as [string, string];
  for (const path of [objects, versions]) mkdirSync(path);
  const [port = 0] = await freePorts(1);
  const access_key = `test-${randomBytes(6).toString("hex")}`;
  const secret_key = randomBytes(20).toString("hex");
  const url = `http://127.0.0.1:${port}`;
  const running = await startProgram({
    name: "versitygw",
    command: options.binary,
    args: [
      ["--quiet", "--port", `127.0.0.1:${port}`, "--health", "/health"],
      ["posix", "--versioning-dir", versions, objects],
    ].flat(),
    env: { HOME: folder.path, ROOT_ACCESS_KEY: access_key, ROOT_SECRET_KEY: secret_key },
    ready: async () => {
      const answer = await fetch(`${url}/health`);
      if (!answer.ok) throw new Error(`versitygw answers ${answer.status}`);
    },
    ready_ms: 30_000,
    end: "SIGTERM",
    ...(options.say ? { say: options.say } : {}),
  });
  const stop = async (): Promise<void> => {
    await running.stop();
    folder.remove();
  };
  return { ...running, stop, url, access_key, secret_key };
};
