/** What the object store must have before anybody stores in it: buckets, rules that end what we forget, and who may read from pages. */
import {
  CreateBucketCommand,
  GetBucketLifecycleConfigurationCommand,
  HeadBucketCommand,
  PutBucketCorsCommand,
  PutBucketLifecycleConfigurationCommand,
  type LifecycleRule,
  type S3Client,
} from "@aws-sdk/client-s3";
import { buckets, type Bucket } from "#lib/object-store/object-store.ts";
import { bucketName, s3Address, type S3Address } from "#lib/object-store/s3-address.ts";
import { probe } from "#lib/object-store/s3-capabilities.ts";
import { ask, s3Client } from "#lib/object-store/s3-client.ts";
import { statusOf } from "#lib/object-store/s3-errors.ts";

const clock = (): Date => new Date();

export type Preparation = {
  /** Where the console is served: its pages may read from the store. */
  public_url: string | null;
  /** A bucket that is not named has no end of its own. */
  most_days: Partial<Record<Bucket, number>>;
};

/**
 * Our own clean-up deletes by each city's plan; these end only what it lost sight of, so they are longer than the longest
 * plan and than a hold. Clips and plates' pictures have no end here: they are evidence.
 */
export const mostDays: Preparation["most_days"] = { backups: 90 };
const SOON_DAYS = 1;

/** Answers in sentences what was done and what this server cannot do; `fit` is false where it may not be used. */
export const prepareObjects = async (
  url: string,
  preparation: Preparation,
): Promise<{ fit: boolean; words: string[] }> => {
  const address = s3Address(url);
  const { client } = s3Client(address, clock);
  try {
    const words = await Promise.all(buckets.map((bucket) => prepareOne({ client, address }, bucket, preparation)));
    const found = await probe({ client, address, clock });
    return {
      fit: found.refusals.length === 0,
      words: [...new Set([...words.flat(), ...found.refusals, ...found.lacks])],
    };
  } finally {
    client.destroy();
  }
};

const prepareOne = async (
  { client, address }: { client: S3Client; address: S3Address },
  bucket: Bucket,
  { public_url, most_days }: Preparation,
): Promise<string[]> => {
  const name = bucketName(address, bucket);
  const rules = rulesFor(most_days[bucket]);
  const words: string[] = [];
  if (await make(client, address, name)) words.push(`bucket ${name} made`);
  try {
    await setRules(client, name, rules).catch(async (error: unknown) => {
      // MinIO takes no rule for parts: it removes them by itself, after 24 h.
      if (statusOf(error) !== 400) throw error;
      await setRules(
        client,
        name,
        rules.filter(({ ID }) => ID !== UNFINISHED),
      );
      words.push(PARTS_LACK);
    });
  } catch (error) {
    if (statusOf(error) !== 501) throw error;
    words.push(RULES_LACK);
  }
  if (public_url === null || bucket === "backups") return words;
  await setReaders(client, name, new URL(public_url).origin).catch((error: unknown) => {
    if (statusOf(error) !== 501) throw error;
    words.push(READERS_LACK);
  });
  return words;
};

const PARTS_LACK =
  "it takes no rule for uploads that broke off: see that it ends them by itself (MinIO does, after 24 h)";
const RULES_LACK =
  "it knows no lifecycle rules: parts of uploads that broke off and what our clean-up loses sight of stay until somebody looks (`npm run check-objects`)";
const READERS_LACK =
  "it takes no CORS rules: allow the console's address in its own settings, where it does not allow all";

const make = async (client: S3Client, { endpoint, region }: S3Address, Bucket: string): Promise<boolean> => {
  const there = await ask(clock, () => client.send(new HeadBucketCommand({ Bucket }))).then(
    () => true,
    (error: unknown) => {
      if (statusOf(error) === 404) return false;
      throw error;
    },
  );
  if (there) return false;
  // Amazon wants to be told where, but not so for the first of its regions.
  const elsewhere = endpoint.hostname.endsWith(".amazonaws.com") && region !== "us-east-1";
  const place = elsewhere ? { CreateBucketConfiguration: { LocationConstraint: region as "sa-east-1" } } : {};
  await ask(clock, () => client.send(new CreateBucketCommand({ Bucket, ...place })));
  return true;
};

const UNFINISHED = "gt-unfinished";
const ALL = { Status: "Enabled", Filter: { Prefix: "" } } as const;

const rulesFor = (most_days: number | undefined): LifecycleRule[] => [
  { ...ALL, ID: UNFINISHED, AbortIncompleteMultipartUpload: { DaysAfterInitiation: SOON_DAYS } },
  { ...ALL, ID: "gt-old-versions", NoncurrentVersionExpiration: { NoncurrentDays: SOON_DAYS } },
  ...(most_days === undefined ? [] : [{ ...ALL, ID: "gt-most-days", Expiration: { Days: most_days } }]),
];

/** Somebody else's rules stay. */
const setRules = async (client: S3Client, Bucket: string, rules: readonly LifecycleRule[]): Promise<void> => {
  const others = (await rulesOf(client, Bucket)).filter(({ ID = "" }) => !ID.startsWith("gt-"));
  const Rules = [...others, ...rules];
  await ask(clock, () =>
    client.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules } })),
  );
};

export const rulesOf = async (client: S3Client, Bucket: string): Promise<LifecycleRule[]> => {
  try {
    return (await ask(clock, () => client.send(new GetBucketLifecycleConfigurationCommand({ Bucket })))).Rules ?? [];
  } catch (error) {
    if (statusOf(error) === 404) return [];
    throw error;
  }
};

const setReaders = (client: S3Client, Bucket: string, origin: string): Promise<unknown> =>
  ask(clock, () =>
    client.send(
      new PutBucketCorsCommand({
        Bucket,
        CORSConfiguration: {
          CORSRules: [
            {
              AllowedOrigins: [origin],
              AllowedMethods: ["GET", "HEAD"],
              AllowedHeaders: ["range"],
              ExposeHeaders: ["accept-ranges", "content-length", "content-range", "etag"],
              MaxAgeSeconds: 3600,
            },
          ],
        },
      }),
    ),
  );
