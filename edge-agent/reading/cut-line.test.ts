/** From key frames at a site to reads at a real host, over a line that is cut before and behind the server. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { AppError } from "#lib/errors.ts";
import { noLog } from "#lib/log.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";
import { plate, seeing } from "#test/harness/sight.ts";
import { until } from "#test/harness/system.ts";
import type { KeyFrames } from "../key-frame-sender.ts";
import type { Server } from "../server-client.ts";
import { looksSender } from "./looks-sender.ts";
import { openSiteReader } from "./site-reader.ts";
import { openTrust } from "./trust.ts";

let host: TestHost;
beforeAll(async () => {
  host = await testHost(catalogue, { log: noLog });
});
afterAll(() => host.close());

type Cut = "before" | "behind" | null;

const siteOf = async (cut: () => Cut) => {
  const { id: cidade_id } = await host.city();
  const agent = await host.asAgent(cidade_id);
  const camera_id = await host.camera(cidade_id, { agent_id: agent.id });
  const server: Pick<Server, "call"> = {
    async call(_method, path, body, shape) {
      const away = (): AppError => new AppError("unavailable", "cut");
      const how = cut();
      if (how === "before") throw away();
      const { status, body: answer } = await agent.post(path, body);
      if (how === "behind") throw away();
      expect(status, JSON.stringify(answer)).toBe(200);
      return shape.parse(answer) as never;
    },
  };
  const retry = { failed: () => 1, healthy: () => undefined };
  const looks = looksSender({ server, log: noLog, notOffered: () => undefined, retry });
  const frames: KeyFrames = { offer: () => undefined, lost: () => 0, sent: () => ({ frames: 0, bytes: 0 }) };
  const sight = seeing();
  const [trust, log, now] = [openTrust(noLog), noLog, Date.now];
  const reader = await openSiteReader({ cidade_id, frames, looks, trust, sight: Promise.resolve(sight), now, log });
  return { cidade_id, camera_id, looks, reader, sight };
};

const start = Date.now() - 600_000;

test.each<[string, (call: number) => Cut]>([
  ["now and then", (call) => (["before", "behind", null] as const)[call % 3] ?? null],
  ["for a while", (call) => (call < 12 ? "before" : null)],
  ["behind the server, so that every answer is lost at first", (call) => (call < 12 ? "behind" : null)],
])("a line that is cut %s loses no read and doubles none", async (_how, cut) => {
  let calls = 0;
  const site = await siteOf(() => cut(calls++));
  const plates = ["ABC1D23", "XYZ9K87", "QWE1R23"];
  for (const [index, text] of plates.entries()) {
    for (const look of [0, 1, 2]) {
      const captured_at_ms = start + index * 60_000 + look * 1000;
      const bytes = Buffer.from(JSON.stringify([plate(text, { x: 0.2 + look * 0.2 })]));
      site.reader.offer({ camera_id: site.camera_id, captured_at_ms, bytes });
      const seen = index * 3 + look + 1;
      await until("the frame to be looked at", 20_000, () => site.sight.decoded.length === seen || undefined);
    }
  }
  await until("everything to be told", 20_000, () => site.looks.sent().looks === 9 || undefined);
  const { cidade_id } = site;
  const reads = await host.database.owner`
    select plate, captured_at, image_url from lpr_events where cidade_id = ${cidade_id} order by captured_at`;
  expect(reads.map((read) => [read["plate"], read["captured_at"].getTime() - start])).toEqual(
    plates.map((text, index) => [text, index * 60_000]),
  );
  const passages = await host.database.owner`select looks from plate_passages where cidade_id = ${cidade_id}`;
  expect(passages.map(({ looks }) => looks)).toEqual([3, 3, 3]);
  const stored = new Set((await host.objects.list("lpr-images", `${cidade_id}/`)).map(({ key }) => key));
  for (const read of reads) expect(stored).toContain(read["image_url"]);
  expect(stored.size).toBe(6);
  await site.reader.stop();
  await site.looks.stop();
});
