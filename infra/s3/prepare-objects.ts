/**
 * `npm run prepare-objects`: makes the buckets of `OBJECTS_URL`, writes the rules that end what we forget, and says what the
 * server cannot do. Once at installation and after each change of the address; twice does no harm.
 *
 *   OBJECTS_URL=s3:https://… PUBLIC_URL=https://video.example.org npm run prepare-objects
 *   SECRETS_DIR=/run/secrets npm run prepare-objects          OBJECTS_URL from the file gt-objects-url
 */
import * as z from "zod";
import { readEnvironment } from "#lib/environment.ts";
import { mostDays, prepareObjects } from "./buckets.ts";
import { objectsUrl } from "./objects-url.ts";

const main = async (): Promise<boolean> => {
  const optional = z.string().optional();
  const schema = z.object({ OBJECTS_URL: optional, SECRETS_DIR: optional, PUBLIC_URL: z.url().optional() });
  const environment = readEnvironment(schema);
  const url = await objectsUrl(environment);
  if (!url.startsWith("s3:")) throw new Error("OBJECTS_URL names no S3: there is nothing to prepare");
  const { fit, words } = await prepareObjects(url, {
    public_url: environment.PUBLIC_URL ?? null,
    most_days: mostDays,
  });
  for (const line of words) console.log(`- ${line}`);
  console.log(fit ? "The object store is ready." : "The object store cannot be used.");
  return fit;
};

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  // Its message alone: what lies behind may name more than a terminal should keep.
  console.error(error instanceof Error ? error.message : "failed");
  process.exitCode = 1;
}
