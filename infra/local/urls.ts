/** One string per port is its whole configuration; these are the ones of one machine. */
import type { DataFolder } from "./data-folder.ts";

export type DatabaseUrls = { app: string; system: string; owner: string };

export const hostEnvironment = (
  folder: DataFolder,
  urls: DatabaseUrls,
  listening: { address: string; port: number; public_url: string },
): Record<string, string> => ({
  DATABASE_URL: urls.app,
  SYSTEM_DATABASE_URL: urls.system,
  BROKER_URL: "postgres:",
  FRAMES_URL: "memory:",
  OBJECTS_URL: `file:${folder.objects}`,
  CACHE_URL: "memory:",
  SECRETS_DIR: folder.secrets,
  LISTEN_ADDRESS: listening.address,
  PORT: String(listening.port),
  PUBLIC_URL: listening.public_url,
});
