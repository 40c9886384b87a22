/** MinIO: the S3 of the tests. */
import { randomBytes } from "node:crypto";
import { freePorts, startProgram, temporaryFolder, type Running } from "./process.ts";

export type MinioServer = Running & { url: string; port: number; access_key: string; secret_key: string };
export type MinioOptions = {
  binary: string;
  /** Given with `port` and the keys when it is started again over the same objects; then it is the caller's to remove. */
  folder?: string;
  port?: number;
  access_key?: string;
  secret_key?: string;
  say?: (line: string) => void;
};

export const startMinio = async (options: MinioOptions): Promise<MinioServer> => {
  const own = options.folder === undefined ? temporaryFolder("minio") : null;
  const folder = options.folder ?? own?.path ?? "";
  const [free = 0] = options.port === undefined ? await freePorts(1) : [options.port];
  const access_key = options.access_key ?? `test-${randomBytes(6).toString("hex")}`;
  const secret_key = options.secret_key ?? randomBytes(20).toString("hex");
  const url = `http://127.0.0.1:${free}`;
  const running = await startProgram({
    name: "MinIO",
    command: options.binary,
    args: ["server", "--quiet", "--address", `127.0.0.1:${free}`, folder],
    env: {
      HOME: folder,
      MINIO_ROOT_USER: access_key,
      MINIO_ROOT_PASSWORD: secret_key,
      MINIO_BROWSER: "off",
      MINIO_UPDATE: "off",
      // Without it server-side encryption is refused.
      MINIO_KMS_SECRET_KEY: `gt:${randomBytes(32).toString("base64")}`,
      MINIO_PROMETHEUS_AUTH_TYPE: "public",
    },
    ready: async () => {
      const answer = await fetch(`${url}/minio/health/ready`);
      if (!answer.ok) throw new Error(`MinIO answers ${answer.status}`);
    },
    ready_ms: 30_000,
    end: "SIGTERM",
    ...(options.say ? { say: options.say } : {}),
  });
  const stop = async (): Promise<void> => {
    await running.stop();
    own?.remove();
  };
  return { ...running, stop, url, port: free, access_key, secret_key };
};
