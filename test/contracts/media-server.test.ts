import { afterAll, describe, expect, test } from "vitest";
import { connectMedia } from "#lib/media-server/connect.ts";
import { mapMedia } from "./adapters/map-media.ts";
import { closeCameras } from "./adapters/media-bench.ts";
import { fakeBench, realBench } from "./adapters/mediamtx-media.ts";
import { brokenMediaServers } from "./broken/media-servers.ts";
import { mustFail } from "./check.ts";
import { mediaChecks, type MediaBench } from "./media-server.ts";

afterAll(closeCameras);

/** A MediaMTX that is already there. Paths whose names begin with `gt-` are made and removed; what it asks is put back. */
const real = process.env["MEDIA_URL"];

const adapters: Record<string, () => Promise<MediaBench>> = {
  "map (test only)": mapMedia,
  "a fake of MediaMTX 1.5.1": fakeBench("1.5.1"),
  "a fake of MediaMTX 1.20.1": fakeBench("1.20.1"),
  ...(real ? { "the MediaMTX of MEDIA_URL": realBench(real) } : {}),
};

for (const [name, make] of Object.entries(adapters)) {
  describe(`media server: ${name}`, () => {
    for (const { title, run } of mediaChecks) test(title, { timeout: 120_000 }, () => run(make));
  });
}

describe("media server: the contract notices one that", () => {
  for (const broken of brokenMediaServers) test(broken.name, { timeout: 60_000 }, () => mustFail(mediaChecks, broken));
});

test("an unknown scheme is refused by naming those that exist", async () => {
  await expect(connectMedia("carrier-pigeon://x")).rejects.toThrow("http:");
});
