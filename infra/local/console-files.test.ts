import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getRequestListener } from "@hono/node-server";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { openBrowser } from "#console/testing/browser.ts";
import { objectOrigins } from "#lib/object-store/s3-address.ts";
import { s3Objects } from "#test/contracts/adapters/s3-objects.ts";
import { recordVideo } from "#test/harness/recordings.ts";
import { isMissing, present, serverFor, titled } from "#test/harness/servers/use.ts";
import { consoleRoutes } from "./console-files.ts";

const policyFor = async (objects_url: string): Promise<string> => {
  const folder = mkdtempSync(join(tmpdir(), "gt-console-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "index.html"), "<!doctype html>");
  const answer = await consoleRoutes(folder, objectOrigins(objects_url)).request("/");
  return answer.headers.get("content-security-policy") ?? "";
};

describe("the policy of the console's pages", () => {
  test("lets nothing from elsewhere in where objects are ours", async () => {
    const policy = await policyFor("file:./data/objects");
    expect(policy).toContain("img-src 'self' blob: data:; media-src 'self' blob:;");
    expect(policy).toContain("connect-src 'self';");
  });

  test("lets pictures and video in from where browsers reach the S3, and neither scripts nor keys", async () => {
    const policy = await policyFor(
      "s3:http://key:very-secret@minio.internal:9000/gt-?public=https://objects.example.org",
    );
    const rules = policy.split("; ");
    expect(rules.filter((rule) => rule.includes("https://objects.example.org"))).toEqual([
      "img-src 'self' blob: data: https://objects.example.org",
      "media-src 'self' blob: https://objects.example.org",
      "connect-src 'self' https://objects.example.org",
    ]);
    expect(policy).not.toMatch(/secret|minio\.internal/);
  });

  test("names each bucket where buckets are hosts, but not that of the backups", async () => {
    const policy = await policyFor("s3:https://s3.sa-east-1.amazonaws.com/prefeitura-");
    expect(policy).toContain("https://prefeitura-recordings.s3.sa-east-1.amazonaws.com");
    expect(policy).not.toContain("backups");
  });
});

const PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";
/** What the console does with what was signed for it: shows a picture, plays a video, reads bytes for a player. */
const PAGE_SCRIPT = `
const loads = (element, event, url) => new Promise((resolve) => {
  element.addEventListener(event, () => resolve(true));
  element.addEventListener("error", () => resolve(false));
  element.src = url;
});
const reads = (url) => fetch(url, { headers: { range: "bytes=0-3" } }).then(({ status }) => status === 206, () => false);
const { picture, video, foreign } = await (await fetch("/urls.json")).json();
document.title = JSON.stringify({
  picture: await loads(new Image(), "load", picture),
  video: await loads(document.createElement("video"), "loadedmetadata", video),
  bytes: await reads(video),
  foreign: await loads(new Image(), "load", foreign),
});`;

const told = await serverFor("minio");
describe.skipIf(isMissing(told))(titled("in a browser over S3", "minio", told), () => {
  let browser: Browser;
  let server: Server;
  const folder = mkdtempSync(join(tmpdir(), "gt-console-"));
  beforeAll(async () => {
    const { url, store } = await s3Objects(present(told));
    await store.put("thumbnails", "a.png", Buffer.from(PNG, "base64"), { content_type: "image/png" });
    await store.put("clips", "a.mp4", recordVideo(2)[0] ?? Buffer.alloc(0), { content_type: "video/mp4" });
    const [picture, video] = await Promise.all([
      store.signedGet("thumbnails", "a.png", { expires_in_seconds: 600 }),
      store.signedGet("clips", "a.mp4", { expires_in_seconds: 600 }),
    ]);
    await store.close();
    // The same picture by another name of the same machine: another origin.
    const foreign = picture.url.replace("127.0.0.1", "localhost");
    const urls = { picture: picture.url, video: video.url, foreign };
    writeFileSync(join(folder, "urls.json"), JSON.stringify(urls));
    writeFileSync(join(folder, "page.js"), PAGE_SCRIPT);
    writeFileSync(join(folder, "index.html"), '<!doctype html><script type="module" src="/page.js"></script>');
    server = createServer(getRequestListener(consoleRoutes(folder, objectOrigins(url)).fetch));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    server?.closeAllConnections();
    server?.close();
    rmSync(folder, { recursive: true });
  });

  test("pictures, video and bytes come through the policy, and nothing of other hosts", async () => {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await page.waitForFunction(() => document.title !== "");
    expect(JSON.parse(await page.title())).toEqual({ picture: true, video: true, bytes: true, foreign: false });
  });
});
