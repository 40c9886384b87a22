/** Functions that sign for objects, in workerd and over a real S3: without the AWS SDK, whose weight each isolate would carry. */
import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { bundle } from "#infra/bundle.ts";
import { prepareObjects } from "#infra/s3/buckets.ts";
import { functionsOf } from "#lib/function/needs.ts";
import { s3Url } from "#test/contracts/adapters/s3-objects.ts";
import { testHost, testMaterial, type TestHost } from "#test/harness/host.ts";
import { recordedCity, type RecordedCity } from "#test/harness/recordings.ts";
import { isMissing, present, serverFor, titled } from "#test/harness/servers/use.ts";
import { startIsolates, type Isolates } from "./isolates.ts";

const cache = "#test/workerd/remote-ports.ts";
const workerOf = async (name: string) => {
  const found = functionsOf(catalogue).find(({ definition }) => definition.name === name);
  if (!found) throw new Error(`there is no function ${name}`);
  return bundle([found], "worker", { connectFrom: { cache } });
};

test("what signs for objects carries no client of S3, and little more than what reads rows", async () => {
  const [signing, plain] = [await workerOf("request-uploads"), await workerOf("read-timeline")];
  expect(signing.packages.filter((name) => /aws|smithy/.test(name))).toEqual([]);
  expect(signing.bytes - plain.bytes).toBeLessThan(25_000);
});

const told = await serverFor("minio");
describe.skipIf(isMissing(told))(titled("in workerd over S3", "minio", told), () => {
  let host: TestHost;
  let city: RecordedCity;
  let isolates: Isolates;
  beforeAll(async () => {
    const url = s3Url(present(told));
    await prepareObjects(url, { public_url: null, most_days: {} });
    host = await testHost(catalogue);
    city = await recordedCity(host);
    const { app, system } = host.database.urls;
    isolates = await startIsolates(async (name) => (await workerOf(name)).code, {
      DATABASE_URL: app,
      SYSTEM_DATABASE_URL: system,
      OBJECTS_URL: url,
      SECRETS: JSON.stringify(await testMaterial()),
    });
  });
  afterAll(async () => {
    await isolates?.close();
    await host?.close();
  });

  const ask = async (name: string, path: string, authorization: string, body?: unknown) => {
    const init = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
    const headers = { authorization, "content-type": "application/json" };
    const answer = await isolates.fetch(name, new Request(`http://gt.test${path}`, { ...init, headers }));
    return (await answer.json()) as never;
  };

  test("an agent gets an address, stores there, reports, and a browser reads it by another", async () => {
    const { segment, bytes } = city.plain(new Date(Date.now() - 60_000));
    const { authorization } = city.agent;
    const { id, camera_id, boot_id, sequence, sha256 } = segment;
    const wanted = { segments: [{ id, camera_id, bytes: segment.bytes, sha256, boot_id, sequence }] };
    type Uploads = { uploads: { url: string | null; headers: Record<string, string> }[] };
    const first: Uploads = await ask("request-uploads", "/api/agents/segments/uploads", authorization, wanted);
    const [upload] = first.uploads;
    const body = Buffer.from(bytes);
    const stored = await fetch(upload?.url ?? "", { method: "PUT", headers: upload?.headers ?? {}, body });
    expect(stored.status).toBe(200);
    // It is looked at: what is there already is not asked for again.
    const second: Uploads = await ask("request-uploads", "/api/agents/segments/uploads", authorization, wanted);
    expect(second.uploads.map(({ url }) => url)).toEqual([null]);

    const receipt = await ask("report-segments", "/api/agents/segments", authorization, { segments: [segment] });
    expect(receipt).toEqual({ accepted: [id], refused: [] });
    const query = new URLSearchParams({
      camera_id: city.camera_id,
      from: new Date(Date.now() - 120_000).toISOString(),
      to: new Date().toISOString(),
    });
    const found: { segments: { url: string }[] } = await ask(
      "list-segments",
      `/api/segments?${query}`,
      city.operator.authorization,
    );
    const read = await fetch(found.segments[0]?.url ?? "");
    expect(
      createHash("sha256")
        .update(await read.bytes())
        .digest("hex"),
    ).toBe(sha256);
  });
});
