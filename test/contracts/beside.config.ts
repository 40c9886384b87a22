import { defineConfig } from "vitest/config";

/**
 * `MEDIA_URL=http://… npm test -- test/contracts`: the suite of the media server alone, over the MediaMTX that is there already.
 * No server of any other port is started or installed beside it.
 */
export default defineConfig({
  test: { include: ["test/contracts/media-server.test.ts"], pool: "forks", hookTimeout: 120_000 },
});
