/** One string per port is its whole configuration: those that were given, else those of one machine. */
import type { DataFolder } from "./data-folder.ts";
import type { Addresses } from "./servers.ts";

export type DatabaseUrls = { app: string; system: string; owner: string };

export const objectsAt = (folder: DataFolder, { OBJECTS_URL }: Addresses): string =>
  OBJECTS_URL ?? `file:${folder.objects}`;

export const hostEnvironment = (
  folder: DataFolder,
  urls: DatabaseUrls,
  addresses: Addresses,
  listening: { address: string; port: number; public_url: string },
): Record<string, string> => ({
  DATABASE_URL: urls.app,
  SYSTEM_DATABASE_URL: urls.system,
  BROKER_URL: addresses.BROKER_URL,
  FRAMES_URL: addresses.FRAMES_URL,
  OBJECTS_URL: objectsAt(folder, addresses),
  CACHE_URL: addresses.CACHE_URL,
  SECRETS_DIR: folder.secrets,
  LISTEN_ADDRESS: listening.address,
  PORT: String(listening.port),
  PUBLIC_URL: listening.public_url,
});
