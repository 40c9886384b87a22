import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { objectKeyOf } from "#functions/streaming/segments.ts";
import { connectObjects } from "#lib/object-store/connect.ts";
import { ensureSecrets } from "#lib/secrets/files.ts";
import { fakeKeys } from "#test/contracts/adapters/fake-keys.ts";
import { testHost } from "#test/harness/host.ts";
import { recordedCity } from "#test/harness/recordings.ts";

test("the command counts, names what is wrong and ends with it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "gt-check-"));
  const SECRETS_DIR = join(folder, "secrets");
  await ensureSecrets(SECRETS_DIR);
  const OBJECTS_URL = `file:${folder}/objects`;
  const objects = await connectObjects(OBJECTS_URL, { keys: fakeKeys });
  const started = await testHost(catalogue, { grants: { objects } as never });
  const host = { ...started, objects };
  onTestFinished(async () => {
    await host.close();
    rmSync(folder, { recursive: true });
  });
  const check = (...args: string[]) => {
    const env = { SYSTEM_DATABASE_URL: host.database.urls.system, SECRETS_DIR, OBJECTS_URL };
    const command = [join(import.meta.dirname, "main.ts"), ...args];
    const { status, stdout } = spawnSync(process.execPath, command, { env, encoding: "utf8" });
    return [status, stdout];
  };
  const city = await recordedCity(host);
  const [kept, lost, early] = [1, 2, 3].map((minutes) => city.plain(new Date(Date.now() - minutes * 60_000)));
  if (!kept || !lost || !early) throw new Error("three were asked for");
  await city.record(kept, lost);
  await city.store(early);
  expect(check("--read")).toEqual([0, "2 rows, 3 objects, 1 waiting\n"]);
  const key = objectKeyOf(city.cidade_id, lost.segment);
  await objects.delete("recordings", key);
  const lacking = [1, `missing recordings/${key}\n2 rows, 2 objects, 1 missing, 1 waiting\n`];
  expect(check()).toEqual(lacking);
  // As `npm start` says it, and nothing in the environment.
  const system_database_url = host.database.urls.system;
  const running = {
    url: "",
    authority_file: null,
    system_database_url,
    broker_url: "",
    objects_url: OBJECTS_URL,
    secrets_dir: SECRETS_DIR,
  };
  mkdirSync(join(folder, "run"));
  writeFileSync(join(folder, "run", "running.json"), JSON.stringify(running));
  const command = [join(import.meta.dirname, "main.ts"), "--data", folder];
  const { status, stdout } = spawnSync(process.execPath, command, { env: {}, encoding: "utf8" });
  expect([status, stdout]).toEqual(lacking);
});
