/** The console's files, read once at the start: their names carry a hash, so that only the page itself is asked for again. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { extname, join, relative, sep } from "node:path";
import { gzipSync } from "node:zlib";
import { Hono } from "hono";

type File = { bytes: Uint8Array<ArrayBuffer>; gzipped: Uint8Array<ArrayBuffer> | null; type: string };

const types: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".woff2": "font/woff2",
  ".json": "application/json",
  ".txt": "text/plain; charset=utf-8",
  ".webmanifest": "application/manifest+json",
};
const compressible = new Set([".html", ".js", ".css", ".svg", ".json", ".txt"]);

/**
 * No script but our own files, no page around ours, nothing from elsewhere but what is signed for: pictures and video from
 * `media`, the addresses of a foreign object store. Players read their media from `blob:`.
 */
const policy = (media: readonly string[]): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    ["img-src 'self' blob: data:", ...media].join(" "),
    ["media-src 'self' blob:", ...media].join(" "),
    "font-src 'self'",
    ["connect-src 'self'", ...media].join(" "),
    "worker-src 'self' blob:",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join("; ");

/** What is no page of the console: a wrong address there must say so and not show a page. */
const notPages = /^\/(api|_|objects|ingest|metrics|console|agents)(\/|$)/;

/** `media`: origins beside ours that pictures and video come from. */
export const consoleRoutes = (folder: string, media: readonly string[] = []): Hono => {
  const files = readFiles(folder);
  const allowed = policy(media);
  const page = files.get("/index.html");
  const answer = (file: File, immutable: boolean, request: Request): Response => {
    const zipped = file.gzipped !== null && /\bgzip\b/.test(request.headers.get("accept-encoding") ?? "");
    return new Response(zipped ? file.gzipped : file.bytes, {
      headers: {
        "content-type": file.type,
        "cache-control": immutable ? "public, max-age=31536000, immutable" : "no-cache",
        "content-security-policy": allowed,
        vary: "accept-encoding",
        ...(zipped ? { "content-encoding": "gzip" } : {}),
      },
    });
  };
  return new Hono().get("*", (context, next) => {
    const { path } = context.req;
    const file = files.get(path);
    if (file && path !== "/index.html") return Promise.resolve(answer(file, true, context.req.raw));
    if (!page || notPages.test(path) || extname(path) !== "") return next();
    return Promise.resolve(answer(page, false, context.req.raw));
  });
};

const readFiles = (folder: string): Map<string, File> => {
  const files = new Map<string, File>();
  if (!existsSync(folder)) return files;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const bytes = new Uint8Array(readFileSync(path));
    const gzipped = compressible.has(extname(path)) ? new Uint8Array(gzipSync(bytes)) : null;
    const type = types[extname(path)] ?? "application/octet-stream";
    files.set(`/${relative(folder, path).split(sep).join("/")}`, { bytes, gzipped, type });
  }
  return files;
};
