/** One file per deployable, or per function: only what its functions need is in it. Images are made of these. */
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { build, type Metafile } from "esbuild";
import { catalogue } from "#functions/catalogue.ts";
import { deployablesOf } from "#infra/deployables.ts";
import { entryText, type EntryKind, type Listed } from "#lib/function/derive/entry.ts";
import type { Image } from "#lib/function/derive/stack.ts";

const root = join(import.meta.dirname, "..");

export type Bundle = { code: string; bytes: number; packages: string[] };
export type BundleOptions = NonNullable<Parameters<typeof entryText>[2]>;

/** Native code cannot be bundled; only the images that need it carry it. */
const natives = ["sharp", "onnxruntime-node"];

const shared = {
  bundle: true,
  write: false,
  format: "esm",
  target: "es2024",
  minifySyntax: true,
  legalComments: "none",
  logLevel: "silent",
} as const;

const forNode = {
  platform: "node" as const,
  external: natives,
  // What is CommonJS inside an ESM bundle still asks for `require`.
  banner: {
    js: 'import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);',
  },
};

/** Threads have programs of their own, which lie beside the process's. */
export const workersOf: Record<Image, readonly string[]> = {
  plain: [],
  ffmpeg: [],
  vision: ["lib/vision/find-worker.ts"],
};

const bundleWorker = async (file: string): Promise<string> => {
  const { outputFiles } = await build({ ...shared, ...forNode, entryPoints: [join(root, file)] });
  return outputFiles[0]?.text ?? "";
};

export const bundle = async (
  functions: readonly Listed[],
  kind: EntryKind,
  options: BundleOptions = {},
): Promise<Bundle> => {
  const { outputFiles, metafile } = await build({
    ...shared,
    stdin: { contents: entryText(functions, kind, options), resolveDir: root, sourcefile: `${kind}.ts`, loader: "ts" },
    metafile: true,
    ...(kind === "process"
      ? forNode
      : {
          platform: "neutral" as const,
          mainFields: ["module", "main"],
          conditions: ["workerd", "import", "module"],
          external: ["node:*", "cloudflare:*", ...natives],
        }),
  });
  const code = outputFiles[0]?.text ?? "";
  return { code, bytes: Buffer.byteLength(code), packages: packagesIn(metafile) };
};

/** npm packages that are inside, and those that it will ask for when it runs. */
const packagesIn = (metafile: Metafile): string[] => {
  const found = new Set<string>();
  for (const path of Object.keys(metafile.inputs)) {
    const name = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1];
    if (name) found.add(name);
  }
  for (const { imports } of Object.values(metafile.outputs)) {
    for (const { path, external } of imports) {
      if (external && !path.startsWith("node:") && !path.startsWith("cloudflare:")) found.add(path);
    }
  }
  return [...found].toSorted();
};

/** `dist/<deployable>/main.mjs`, beside the image's Dockerfile where there is one. */
const writeDeployables = async (): Promise<void> => {
  for (const { name, image, functions } of deployablesOf(catalogue)) {
    const { code, bytes, packages } = await bundle(functions, "process");
    const folder = join(root, "dist", name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "main.mjs"), code);
    for (const worker of workersOf[image])
      writeFileSync(join(folder, `${basename(worker, ".ts")}.mjs`), await bundleWorker(worker));
    const dockerfile = join(root, "infra/images", `${image}.Dockerfile`);
    if (existsSync(dockerfile)) copyFileSync(dockerfile, join(folder, "Dockerfile"));
    console.log(`${name}: ${functions.length} functions, ${Math.round(bytes / 1024)} KB, ${packages.join(" ")}`);
  }
};

if (import.meta.main) await writeDeployables();
