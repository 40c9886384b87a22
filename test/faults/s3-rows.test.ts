/** Rows and objects: what a crash between the two leaves is adopted by who made it, or named by `npm run check-objects`. */
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectServer } from "#edge-agent/server-client.ts";
import { openSpool } from "#edge-agent/spool.ts";
import { uploadRounds } from "#edge-agent/uploads.ts";
import { catalogue } from "#functions/catalogue.ts";
import { ClipRequested } from "#functions/streaming/contract.ts";
import { objectKeyOf } from "#functions/streaming/segments.ts";
import { compare, type Finding, type Looking } from "#infra/check-objects/compare.ts";
import { sectionsOf } from "#infra/check-objects/expected.ts";
import { serve } from "#lib/function/serve.ts";
import { noLog } from "#lib/log.ts";
import { connectObjects } from "#lib/object-store/connect.ts";
import type { ObjectStore } from "#lib/object-store/object-store.ts";
import { fakeKeys } from "#test/contracts/adapters/fake-keys.ts";
import { s3Objects } from "#test/contracts/adapters/s3-objects.ts";
import { startFaultProxy } from "#test/harness/fault-proxy.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";
import { plateCity, tinyJpeg } from "#test/harness/plates.ts";
import { recordedCity, recordVideo, type Recorded, type RecordedCity } from "#test/harness/recordings.ts";
import { isMissing, present, serverFor, titled } from "#test/harness/servers/use.ts";

const HOUR_MS = 3_600_000;

const told = await serverFor("minio");
/** `null`: the test host's own folder. */
const stores: { name: string; isLeftOut: boolean; open: () => Promise<ObjectStore | null> }[] = [
  { name: "a folder", isLeftOut: false, open: async () => null },
  {
    name: titled("an S3", "minio", told),
    isLeftOut: isMissing(told),
    open: async () => (await s3Objects(present(told))).store,
  },
];
const video = recordVideo(20);

for (const { name, isLeftOut, open } of stores)
  describe.skipIf(isLeftOut)(`rows and objects of ${name}`, () => {
    let host: TestHost;
    let objects: ObjectStore;
    let city: RecordedCity;
    beforeAll(async () => {
      const other = await open();
      const started = await testHost(catalogue, other ? { grants: { objects: other } as never } : {});
      objects = other ?? started.objects;
      // What stores by hand in this city must reach the same store.
      host = { ...started, objects };
      city = await recordedCity(host);
    });
    afterAll(async () => {
      await host?.close();
      await objects?.close();
    });

    const check = async (options: Partial<Looking> = {}): Promise<Finding[]> => {
      const totals = { rows: 0, objects: 0 };
      const now = (): Date => new Date();
      const looking: Looking = { objects, now, grace_ms: 24 * HOUR_MS, read: false, totals, ...options };
      const found: Finding[] = [];
      for await (const section of sectionsOf(host.database.system))
        for await (const one of compare(looking, section)) found.push(one);
      return found;
    };
    const tomorrow = (): Date => new Date(Date.now() + 25 * HOUR_MS);
    const keyOf = ({ segment }: Recorded): string => objectKeyOf(city.cidade_id, segment);

    test("agree after recording, beside pictures that no row lists", async () => {
      for (const minutes of [1, 2, 3]) await city.record(city.plain(new Date(Date.now() - minutes * 60_000)));
      const picture = `${city.cidade_id}/${city.camera_id}/2026-03-04/1.jpg`;
      await objects.put("thumbnails", picture, randomBytes(9), { content_type: "image/jpeg" });
      const totals = { rows: 0, objects: 0 };
      expect([await check({ totals, read: true, now: tomorrow }), totals]).toEqual([[], { rows: 3, objects: 3 }]);
    });

    test("a row whose object somebody deleted is named", async () => {
      const recorded = city.plain(new Date(Date.now() - 4 * 60_000));
      await city.record(recorded);
      await objects.delete("recordings", keyOf(recorded));
      expect(await check()).toEqual([{ kind: "missing", bucket: "recordings", key: keyOf(recorded) }]);
      await city.store(recorded);
      expect(await check()).toEqual([]);
    });

    test("an object without a row is waited for, and named when nobody came", async () => {
      const recorded = city.plain(new Date(Date.now() - 5 * 60_000));
      await city.store(recorded);
      const named = { bucket: "recordings", key: keyOf(recorded) };
      expect(await check()).toEqual([{ kind: "waiting", ...named }]);
      expect(await check({ now: tomorrow })).toEqual([{ kind: "unlisted", ...named }]);
      await city.report(recorded);
      expect(await check({ now: tomorrow })).toEqual([]);
    });

    test("an object of another size, or with other bytes, is named", async () => {
      const [longer, other] = [6, 7].map((minutes) => city.plain(new Date(Date.now() - minutes * 60_000)));
      for (const one of [longer, other]) await city.record(one as Recorded);
      const keys = [longer, other].map((one) => keyOf(one as Recorded));
      for (const [index, bytes] of [65, 64].entries()) {
        await objects.delete("recordings", keys[index] ?? "");
        await objects.put("recordings", keys[index] ?? "", randomBytes(bytes), { content_type: "video/mp4" });
      }
      const kinds = async (read: boolean) => new Map((await check({ read })).map(({ key, kind }) => [key, kind]));
      expect(await kinds(false)).toEqual(new Map([[keys[0], "wrong_size"]]));
      expect(await kinds(true)).toEqual(
        new Map([
          [keys[0], "wrong_size"],
          [keys[1], "damaged"],
        ]),
      );
      for (const [index, one] of [longer, other].entries()) {
        await objects.delete("recordings", keys[index] ?? "");
        await city.store(one as Recorded);
      }
    });

    test("what an agent stored before it was killed is adopted by its journal; the rest goes its usual way", async () => {
      const serving = await serve(host.host, { port: 0, drain_seconds: 1 });
      const spool_folder = mkdtempSync(join(tmpdir(), "gt-rows-spool-"));
      const server = connectServer(`http://127.0.0.1:${serving.port}`, async () => city.agent.authorization);
      try {
        const spool = await openSpool(spool_folder);
        const [stored, fresh] = [8, 9].map((minutes) => city.plain(new Date(Date.now() - minutes * 60_000)));
        for (const one of [stored, fresh] as Recorded[]) {
          const file = join(spool_folder, "new.mp4");
          await writeFile(file, one.bytes);
          await spool.keep(file, one.segment);
        }
        await city.store(stored as Recorded);
        await uploadRounds({ spool, server, log: noLog })();
        expect(await spool.waiting(9)).toEqual([]);
        expect(await check({ read: true, now: tomorrow })).toEqual([]);
        const head = await objects.head("recordings", keyOf(fresh as Recorded));
        expect(head?.sha256).toBe((fresh as Recorded).segment.sha256);
      } finally {
        server.close();
        await serving.close();
        rmSync(spool_folder, { recursive: true, force: true });
      }
    });

    test("a clip that was stored before its worker was killed is adopted when its message comes again", async () => {
      const segments = city.segments(video, new Date(Math.floor(Date.now() / 1000) * 1000 - HOUR_MS));
      await city.record(...segments);
      const start_time = segments[0]?.segment.captured_at ?? "";
      const end_time = new Date(Date.parse(start_time) + 8000).toISOString();
      const { body } = await city.operator.post("/api/clips", { camera_id: city.camera_id, start_time, end_time });
      const event = host.event(ClipRequested, { clip_id: body.id, cidade_id: city.cidade_id });
      await host.deliver(event, "cut-clip");
      // As it was before the transaction that the kill prevented.
      const { owner } = host.database;
      await owner`delete from inbox where id = ${event.id}`;
      await owner`update clips set status = 'CUTTING', storage_path = null, thumbnail_path = null, sha256 = null, bytes = null
        where id = ${body.id}`;
      expect((await check()).map(({ kind, bucket }) => [kind, bucket])).toEqual([["waiting", "clips"]]);
      await host.deliver(event, "cut-clip");
      const clip = (await city.operator.get(`/api/clips/${body.id}`)).body;
      expect([clip.status, await check({ read: true, now: tomorrow })]).toEqual(["READY", []]);
      const [row] = await owner<{ thumbnail_path: string }[]>`select thumbnail_path from clips where id = ${body.id}`;
      await objects.delete("thumbnails", row?.thumbnail_path ?? "");
      expect((await check()).map(({ kind, bucket }) => [kind, bucket])).toEqual([["missing", "thumbnails"]]);
    });

    test("pictures of plates agree with their reads day by day; a lost and a forgotten one are named", async () => {
      const plates = await plateCity(host);
      const image = tinyJpeg.toString("base64");
      const hoursAgo = (hours: number): string => new Date(Date.now() - hours * HOUR_MS).toISOString();
      for (const [index, hours] of [0, 1, 30].entries())
        await plates.read(`WXY000${index}`, { image, plate_image: image, detected_at: hoursAgo(hours) });
      await plates.read("WXY0009", { plate_image: image, detected_at: hoursAgo(2) });
      const ofReads = async () => (await check({ now: tomorrow })).filter(({ bucket }) => bucket === "lpr-images");
      expect(await ofReads()).toEqual([]);
      const [stored] = await objects.list("lpr-images", `${plates.cidade_id}/`);
      const lost = stored?.key ?? "";
      const forgotten = `${lost.slice(0, lost.lastIndexOf("/"))}/${randomUUID()}-scene.jpg`;
      await objects.delete("lpr-images", lost);
      await objects.put("lpr-images", forgotten, tinyJpeg, { content_type: "image/jpeg" });
      expect((await ofReads()).toSorted((a, b) => (a.kind < b.kind ? -1 : 1))).toEqual([
        { kind: "missing", bucket: "lpr-images", key: lost },
        { kind: "unlisted", bucket: "lpr-images", key: forgotten },
      ]);
    });

    test("another city's rows are found by nobody else's keys", async () => {
      const other = await recordedCity(host);
      const recorded = other.plain(new Date(Date.now() - 60_000));
      await other.record(recorded);
      const sha256 = createHash("sha256").update(recorded.bytes).digest("hex");
      const head = await objects.head("recordings", objectKeyOf(other.cidade_id, recorded.segment));
      expect([head?.sha256, (await check()).filter(({ key }) => key.startsWith(other.cidade_id))]).toEqual([
        sha256,
        [],
      ]);
    });
  });

describe.skipIf(isMissing(told))(titled("while the S3 is away", "minio", told), () => {
  test("segments wait at their site and clips in their queue, and both go on when it is back", async () => {
    const { url, store: clean } = await s3Objects(present(told));
    const line = await startFaultProxy({ host: "127.0.0.1", port: Number(new URL(url.slice(3)).port) });
    const objects = await connectObjects(`s3:${line.through(url.slice(3))}`, { keys: fakeKeys });
    const host = { ...(await testHost(catalogue, { log: noLog, grants: { objects } as never })), objects };
    const city = await recordedCity(host);
    const serving = await serve(host.host, { port: 0, drain_seconds: 1 });
    const server = connectServer(`http://127.0.0.1:${serving.port}`, async () => city.agent.authorization);
    const folder = mkdtempSync(join(tmpdir(), "gt-rows-spool-"));
    try {
      const spool = await openSpool(folder);
      const segments = city.segments(video, new Date(Math.floor(Date.now() / 1000) * 1000 - HOUR_MS));
      await city.record(...segments);
      const recorded = city.plain(new Date(Date.now() - 60_000));
      await writeFile(join(folder, "new.mp4"), recorded.bytes);
      await spool.keep(join(folder, "new.mp4"), recorded.segment);
      const start_time = segments[0]?.segment.captured_at ?? "";
      const end_time = new Date(Date.parse(start_time) + 8000).toISOString();
      const { body } = await city.operator.post("/api/clips", { camera_id: city.camera_id, start_time, end_time });
      const event = host.event(ClipRequested, { clip_id: body.id, cidade_id: city.cidade_id });
      const round = uploadRounds({ spool, server, log: noLog });

      line.refuse(true);
      line.reset();
      await expect(round()).rejects.toMatchObject({ code: "unavailable" });
      expect(await host.deliver(event, "cut-clip")).toMatchObject({ park: true, seconds: 10 });
      expect((await spool.waiting(9)).length).toBe(1);

      line.refuse(false);
      await round();
      expect(await host.deliver(event, "cut-clip")).toEqual({ done: true });
      expect([await spool.waiting(9), (await city.operator.get(`/api/clips/${body.id}`)).body.status]).toEqual([
        [],
        "READY",
      ]);
    } finally {
      server.close();
      await serving.close();
      await host.close();
      await Promise.all([objects.close(), clean.close()]);
      await line.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
