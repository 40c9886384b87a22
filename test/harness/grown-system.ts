/**
 * The whole system on RabbitMQ, Redis, an S3 and PostgreSQL behind PgBouncer, each behind a line that can be cut. The program is
 * `npm start` with addresses in its environment; whatever is killed comes back: programs by its supervisor, servers by
 * `servers.killAndRestart`.
 */
import { startGrownServers, type GrownServers } from "./grown-servers.ts";
import { freePort, removeData, startSystem, type RunningSystem, type StartOptions } from "./system.ts";

export type GrownSystem = RunningSystem & {
  servers: GrownServers;
  /** Everything, with the data. */
  end(): Promise<void>;
};

export const startGrownSystem = async ({
  objects_folder,
  env,
  ...options
}: Pick<StartOptions, "args" | "env"> & { objects_folder?: string } = {}): Promise<GrownSystem> => {
  const port = await freePort();
  const servers = await startGrownServers(`http://127.0.0.1:${port}`, objects_folder);
  try {
    const system = await startSystem({ ...options, port, env: { ...env, ...servers.addresses } });
    const end = async (): Promise<void> => {
      for (const line of Object.values(servers.lines)) line.heal();
      await system.stop();
      await servers.stop();
      removeData(system);
    };
    return { ...system, servers, end };
  } catch (error) {
    await servers.stop();
    throw error;
  }
};
