/** What named servers must have before anything starts: buckets and their rules. Safe to repeat. */
import { mostDays, prepareObjects } from "#infra/s3/buckets.ts";
import type { Addresses } from "./servers.ts";

export const prepareServers = async (
  addresses: Addresses,
  public_url: string,
  say: (line: string) => void,
): Promise<void> => {
  const { OBJECTS_URL } = addresses;
  if (!OBJECTS_URL?.startsWith("s3:")) return;
  const { fit, words } = await prepareObjects(OBJECTS_URL, { public_url, most_days: mostDays });
  for (const line of words) say(`Objects: ${line}.`);
  if (!fit) throw new Error("This S3 may not be used; why is said above.");
};
