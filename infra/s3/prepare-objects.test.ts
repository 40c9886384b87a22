import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ListMultipartUploadsCommand, PutBucketLifecycleConfigurationCommand } from "@aws-sdk/client-s3";
import { describe, expect, onTestFinished, test } from "vitest";
import { bucketName, s3Address } from "#lib/object-store/s3-address.ts";
import { s3Client } from "#lib/object-store/s3-client.ts";
import { ownPrefix, s3Url } from "#test/contracts/adapters/s3-objects.ts";
import { isMissing, present, serverFor, titled } from "#test/harness/servers/use.ts";
import { rulesOf } from "./buckets.ts";

/** As `npm run prepare-objects`. */
const prepare = (environment: Record<string, string>) => {
  const file = join(import.meta.dirname, "prepare-objects.ts");
  const { status, stdout, stderr } = spawnSync(process.execPath, [file], { env: environment, encoding: "utf8" });
  return { status, stdout, stderr };
};

for (const name of ["minio", "versitygw"] as const) {
  const told = await serverFor(name);
  describe.skipIf(isMissing(told))(titled(`preparing ${name}`, name, told), () => {
    test("makes the buckets, is no fault twice, leaves others' rules and says what cannot be done, but no key", async () => {
      const url = s3Url(present(told));
      const address = s3Address(url);
      const { client } = s3Client(address, () => new Date());
      onTestFinished(() => client.destroy());
      const Bucket = bucketName(address, "backups");
      const secrets = mkdtempSync(join(tmpdir(), "gt-secrets-"));
      onTestFinished(() => rmSync(secrets, { recursive: true }));
      writeFileSync(join(secrets, "gt-objects-url"), url, { mode: 0o600 });

      const first = prepare({ SECRETS_DIR: secrets, PUBLIC_URL: "https://video.example.org" });
      expect(first).toMatchObject({ status: 0, stderr: "" });
      expect(first.stdout).toContain(`bucket ${Bucket} made`);
      if (name === "minio") {
        const theirs = {
          ID: "theirs",
          Status: "Enabled",
          Filter: { Prefix: "theirs/" },
          Expiration: { Days: 3 },
        } as const;
        await client.send(
          new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules: [theirs] } }),
        );
      }
      const second = prepare({ OBJECTS_URL: url });
      expect(second.status).toBe(0);
      expect(second.stdout).not.toContain("made");
      expect(second.stdout).toContain("The object store is ready.");
      expect(first.stdout + second.stdout).not.toContain(present(told).secret_key);
      if (name === "minio") {
        const ids = (await rulesOf(client, Bucket)).map(({ ID }) => ID);
        expect(ids).toEqual(expect.arrayContaining(["gt-most-days", "gt-old-versions", "theirs"]));
      } else expect(second.stdout).toContain("it knows no lifecycle rules");
      const where = { Bucket: bucketName(address, "thumbnails") };
      expect((await client.send(new ListMultipartUploadsCommand(where))).Uploads ?? []).toEqual([]);
    });
  });
}

const minio = await serverFor("minio");
test.skipIf(isMissing(minio))(
  titled("keys that are not in the address come from the usual chain", "minio", minio),
  () => {
    const { url, access_key, secret_key } = present(minio);
    const OBJECTS_URL = `s3:${url}/${ownPrefix()}`;
    const chain = { AWS_ACCESS_KEY_ID: access_key, AWS_SECRET_ACCESS_KEY: secret_key };
    expect(prepare({ OBJECTS_URL, ...chain })).toMatchObject({ status: 0, stderr: "" });
    const wrong = prepare({ OBJECTS_URL, ...chain, AWS_SECRET_ACCESS_KEY: "another" });
    expect([wrong.status, wrong.stderr.trim()]).toEqual([1, "The object store refuses our keys"]);
  },
);

test("what is no S3 is not prepared, and an address with a fault is not printed", () => {
  expect(prepare({ OBJECTS_URL: "file:./data" })).toMatchObject({ status: 1 });
  const { status, stderr } = prepare({ OBJECTS_URL: "s3:https://key:very-secret@example.org/UPPER" });
  expect([status, stderr.includes("beginning of a bucket's name"), stderr.includes("very-secret")]).toEqual([
    1,
    true,
    false,
  ]);
});
