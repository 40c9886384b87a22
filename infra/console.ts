/** The console as files that any web server can serve: hashed names, no inline script or style, fonts and their licences. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { build, type Metafile } from "esbuild";
import { keptBundle, type Bundle } from "./kept-bundle.ts";

const root = join(import.meta.dirname, "..");
const entries = { app: "console/app.tsx", worker: "console/live/media-worker.ts", style: "console/theme.css" } as const;
const fonts = ["atkinson-hyperlegible-next", "atkinson-hyperlegible-mono"];

/** Where the last build waits for the next start: neither a user's data nor the checkout's. */
const KEPT = join(root, "node_modules/.cache/gt-vision/console");

export const buildConsole = async ({ outdir }: { outdir: string }): Promise<void> => {
  const { files } = await keptBundle(KEPT, bundleConsole);
  rmSync(join(outdir, "assets"), { recursive: true, force: true });
  for (const [name, bytes] of files) {
    mkdirSync(dirname(join(outdir, name)), { recursive: true });
    writeFileSync(join(outdir, name), bytes);
  }
};

const bundleConsole = async (): Promise<Bundle> => {
  const outdir = join(root, "dist");
  const { metafile, outputFiles } = await build({
    entryPoints: Object.values(entries).map((entry) => join(root, entry)),
    bundle: true,
    splitting: true,
    metafile: true,
    write: false,
    outdir: join(outdir, "assets"),
    format: "esm",
    target: ["chrome120", "firefox121", "safari17"],
    platform: "browser",
    jsx: "automatic",
    minify: true,
    entryNames: "[name]-[hash]",
    chunkNames: "part-[hash]",
    assetNames: "[name]-[hash]",
    loader: { ".woff2": "file" },
    // The browsers that can play live video read WOFF2; the older copies would only be weight.
    external: ["*.woff"],
    define: { "process.env.NODE_ENV": '"production"' },
    legalComments: "none",
    logLevel: "silent",
    absWorkingDir: root,
  });
  const copied = new Map([
    ["icon.svg", join(root, "console/icon.svg")],
    ...fonts.map((font) => [`licences/${font}.txt`, join(root, "node_modules/@fontsource", font, "LICENSE")] as const),
  ]);
  const besides = [import.meta.filename, join(root, "package.json"), join(root, "package-lock.json")];
  return {
    inputs: [...Object.keys(metafile.inputs).map((input) => join(root, input)), ...copied.values(), ...besides],
    files: new Map<string, Uint8Array>([
      ...outputFiles.map(({ path, contents }) => [relative(outdir, path), contents] as const),
      ...[...copied].map(([name, file]) => [name, readFileSync(file)] as const),
      ["index.html", Buffer.from(page(namesIn(metafile)))],
    ]),
  };
};

type Names = Record<keyof typeof entries, string>;

const namesIn = ({ outputs }: Metafile): Names => {
  const of = (entry: string): string => {
    const found = Object.entries(outputs).find(([, output]) => output.entryPoint === entry);
    if (!found) throw new Error(`The bundle has no ${entry}`);
    return `/assets/${basename(found[0])}`;
  };
  return { app: of(entries.app), worker: of(entries.worker), style: of(entries.style) };
};

/** The worker's address stands in the page: nothing has to be written into the bundle after its hash is known. */
const page = ({ app, worker, style }: Names): string => `<!doctype html>
<html lang="pt-BR">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="referrer" content="no-referrer">
    <meta name="color-scheme" content="dark">
    <meta name="gt-worker" content="${worker}">
    <title>GT-Vision</title>
    <link rel="icon" href="/icon.svg" type="image/svg+xml">
    <link rel="stylesheet" href="${style}">
    <script type="module" src="${app}"></script>
  </head>
  <body>
    <div id="root"></div>
    <noscript>GT-Vision precisa de JavaScript. · GT-Vision needs JavaScript.</noscript>
  </body>
</html>
`;
