/**
 * What storing a segment on an S3 costs here, beside the bare put of the AWS SDK, in turns within one run on a MinIO of its own:
 * `node_modules/node/bin/node test/bench/objects.ts [--segments N] [--stored N]`. Gate: 1.3 times the CPU, and no more with so many
 * objects stored beside them than without.
 *
 * Ours hashes the bytes, stores once, and looks at what is stored; the bare one sends.
 */
import { randomBytes } from "node:crypto";
import { parseArgs } from "node:util";
import { CreateBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { prepareObjects } from "#infra/s3/buckets.ts";
import { connectObjects } from "#lib/object-store/connect.ts";
import { fakeKeys } from "#test/contracts/adapters/fake-keys.ts";
import { s3Url } from "#test/contracts/adapters/s3-objects.ts";
import { findServer } from "#test/harness/servers/available.ts";
import { startMinio } from "#test/harness/servers/minio.ts";

/** 10 s of a camera of 4 Mbit/s. */
const SEGMENT_BYTES = 5_000_000;
const IN_TURN = 10;
const GATE = 1.3;
const STORED_AT_ONCE = 16;

type Measured = { cpu_ms: number; times_ms: number[] };
type Put = (key: string, bytes: Uint8Array) => Promise<unknown>;

/** `bytes` are others each time, made before anything is measured. */
const measure = async (put: Put, name: string, turn: number, into: Measured): Promise<void> => {
  const segments = Array.from({ length: IN_TURN }, () => randomBytes(SEGMENT_BYTES));
  const before = process.cpuUsage();
  for (const [index, bytes] of segments.entries()) {
    const begin = performance.now();
    await put(`${name}/${turn}-${index}.mp4`, bytes);
    into.times_ms.push(performance.now() - begin);
  }
  const { user, system } = process.cpuUsage(before);
  into.cpu_ms += (user + system) / 1000;
};

const percentile = (times: readonly number[], share: number): number =>
  times.toSorted((a, b) => a - b)[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;

const row = (name: string, { cpu_ms, times_ms }: Measured): string => {
  const [p50, p95] = [percentile(times_ms, 0.5), percentile(times_ms, 0.95)];
  const each = cpu_ms / times_ms.length;
  return `| ${name} | ${each.toFixed(1)} ms | ${p50.toFixed(1)} ms | ${p95.toFixed(1)} ms |`;
};

/** Small ones, where the segments are. */
const storeBeside = async (put: Put, count: number): Promise<void> => {
  let left = count;
  const worker = async (): Promise<void> => {
    while (left-- > 0) await put(`ours/beside-${left}.mp4`, randomBytes(8));
  };
  await Promise.all(Array.from({ length: STORED_AT_ONCE }, worker));
};

const main = async (segments: number, stored: number): Promise<boolean> => {
  const say = (line: string): void => console.log(line);
  const found = await findServer("minio", say);
  if ("missing" in found) throw new Error(found.missing);
  const minio = await startMinio({ binary: found.binary, say });
  const url = s3Url(minio);
  await prepareObjects(url, { public_url: null, most_days: {} });
  const store = await connectObjects(url, { keys: fakeKeys });
  const bare = new S3Client({
    endpoint: minio.url,
    region: "us-east-1",
    forcePathStyle: true,
    credentials: { accessKeyId: minio.access_key, secretAccessKey: minio.secret_key },
  });
  const Bucket = "bare";
  await bare.send(new CreateBucketCommand({ Bucket }));
  const puts: Record<"ours" | "bare", Put> = {
    ours: (key, bytes) => store.put("recordings", key, bytes, { content_type: "video/mp4" }),
    bare: (Key, Body) => bare.send(new PutObjectCommand({ Bucket, Key, Body, ContentType: "video/mp4" })),
  };
  const nothing = (): Measured => ({ cpu_ms: 0, times_ms: [] });
  const measured = { ours: nothing(), bare: nothing(), crowded: nothing() };
  const warm = nothing();
  for (const name of ["ours", "bare"] as const) await measure(puts[name], `warm-${name}`, 0, warm);
  for (let turn = 0; turn < segments / IN_TURN; turn += 1)
    // Whoever comes second finds a busier disk: each is second in turn.
    for (const name of turn % 2 === 0 ? (["ours", "bare"] as const) : (["bare", "ours"] as const))
      await measure(puts[name], name, turn, measured[name]);
  await storeBeside(puts.ours, stored);
  for (let turn = 0; turn < segments / IN_TURN / 2; turn += 1)
    await measure(puts.ours, "ours", segments + turn, measured.crowded);
  await store.close();
  bare.destroy();
  await minio.stop();

  const ratio = measured.ours.cpu_ms / measured.bare.cpu_ms;
  console.log(`\n| ${segments} segments of 5 MB each | CPU per segment | p50 | p95 |\n| - | - | - | - |`);
  console.log(row("object store", measured.ours));
  console.log(row("bare put of the SDK", measured.bare));
  console.log(row(`object store, ${stored} beside`, measured.crowded));
  const each = ({ cpu_ms, times_ms }: Measured): number => cpu_ms / times_ms.length;
  const growth = each(measured.crowded) / each(measured.ours);
  console.log(`\nCPU ratio ${ratio.toFixed(2)} (gate ${GATE}), with others beside ${growth.toFixed(2)} (gate ${GATE})`);
  return ratio <= GATE && growth <= GATE;
};

const { values } = parseArgs({
  options: { segments: { type: "string", default: "100" }, stored: { type: "string", default: "5000" } },
});
process.exitCode = (await main(Number(values.segments), Number(values.stored))) ? 0 : 1;
