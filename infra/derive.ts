/** `npm run derive`: writes everything that follows from the catalogue; `--check` says what is stale and changes nothing. */
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { catalogue } from "#functions/catalogue.ts";
import * as admin from "#functions/admin/contract.ts";
import * as ai from "#functions/ai/contract.ts";
import * as cidades from "#functions/cidades/contract.ts";
import * as streaming from "#functions/streaming/contract.ts";
import { deployablesOf } from "#infra/deployables.ts";
import { mediamtxFile, mediamtxText, versions } from "#infra/mediamtx/settings.ts";
import { definitionsOf, definitionsText } from "#infra/rabbitmq/definitions.ts";
import * as lists from "#lib/wire/lists.ts";
import { clientText } from "#lib/function/derive/client.ts";
import type { Contracts } from "#lib/function/derive/names.ts";
import { openapiText } from "#lib/function/derive/openapi.ts";
import { stackText } from "#lib/function/derive/stack.ts";
import { permissionsText, withTable } from "#lib/function/derive/tables.ts";

const root = join(import.meta.dirname, "..");
export const contracts: Contracts = {
  admin: { from: "#functions/admin/contract.ts", exports: admin },
  cidades: { from: "#functions/cidades/contract.ts", exports: cidades },
  streaming: { from: "#functions/streaming/contract.ts", exports: streaming },
  ai: { from: "#functions/ai/contract.ts", exports: ai },
  lists: { from: "#lib/wire/lists.ts", exports: lists },
};

type Derived = { path: string; text: string };

/** Later works add theirs here: Knative, Kong. */
const derive = (): Derived[] => [
  { path: "docs/openapi.json", text: openapiText(catalogue, contracts, versionOfPackage()) },
  { path: "console/api.ts", text: clientText(catalogue, contracts) },
  { path: "stack.yml", text: stackText(deployablesOf(catalogue)) },
  { path: "infra/rabbitmq/definitions.json", text: definitionsText(definitionsOf(catalogue, contracts)) },
  { path: "docs/developer/permissions.md", text: permissionsText(catalogue) },
  ...versions.map((version) => ({ path: mediamtxFile(version), text: mediamtxText(version) })),
  ...Object.keys(catalogue).map((context) => {
    const path = `functions/${context}/README.md`;
    return { path, text: withTable(read(path) ?? `# ${context}\n`, catalogue, context) };
  }),
];

/** As the formatter leaves them, because everything in the repository is formatted. */
export const derivedFiles = (): Promise<Derived[]> =>
  Promise.all(derive().map(async ({ path, text }) => ({ path, text: await formatted(path, text) })));

export const staleFiles = async (): Promise<string[]> =>
  (await derivedFiles()).filter(({ path, text }) => read(path) !== text).map(({ path }) => path);

const versionOfPackage = (): string => (JSON.parse(read("package.json") ?? "{}") as { version: string }).version;

const read = (path: string): string | null => {
  try {
    return readFileSync(join(root, path), "utf8");
  } catch {
    return null;
  }
};

const formatted = (path: string, text: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const oxfmt = spawn(join(root, "node_modules/.bin/oxfmt"), ["--stdin-filepath", path], { cwd: root });
    let out = "";
    let fault = "";
    oxfmt.stdout.on("data", (chunk: Buffer) => (out += String(chunk)));
    oxfmt.stderr.on("data", (chunk: Buffer) => (fault += String(chunk)));
    oxfmt.on("error", reject);
    oxfmt.on("close", (code) =>
      code === 0 ? resolve(out) : reject(new Error(`${path} cannot be formatted: ${fault}`)),
    );
    oxfmt.stdin.end(text);
  });

if (import.meta.main) {
  const stale = await staleFiles();
  if (process.argv.includes("--check")) {
    for (const path of stale) console.log(`stale: ${path}`);
    process.exitCode = stale.length === 0 ? 0 : 1;
  } else {
    for (const { path, text } of await derivedFiles()) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    console.log(stale.length === 0 ? "Nothing was stale" : `Written: ${stale.join(", ")}`);
  }
}
