// The only file that runs on whatever Node the machine has (≥ 20): it brings the packages, Node 24 and FFmpeg, saying so
// first, and hands over to the program. Plain JavaScript for that reason.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const programs = {
  start: { file: "infra/local/start.ts", tools: ["ffmpeg"] },
  test: { file: "test/run.ts", tools: ["ffmpeg", "chromium"] },
  camera: { file: "demo/camera.ts", tools: ["ffmpeg"] },
  link: { file: "infra/local/link.ts", tools: [] },
  redrive: { file: "connector/redrive.ts", tools: [] },
  "read-plates": { file: "infra/read-plates/main.ts", tools: ["ffmpeg"] },
  replay: { file: "connector/replay.ts", tools: [] },
  "refused-frames": { file: "connector/refused-frames.ts", tools: [] },
};
const tools = {
  ffmpeg: { commands: ["ffmpeg", "ffprobe"], packages: "ffmpeg", purpose: "FFmpeg (records and joins video)" },
  chromium: { commands: ["chromium"], packages: "chromium", purpose: "Chromium (the browser of the tests)" },
};

const stop = (message) => {
  console.error(`\n${message}\n`);
  process.exit(1);
};

const has = (command) => spawnSync("sh", ["-c", `command -v ${command}`], { stdio: "ignore" }).status === 0;

// What is said while installing goes to standard error: some of the programs write for other programs.
const run = (command, args, options = {}) =>
  spawnSync(command, args, { cwd: root, stdio: "inherit", ...options }).status === 0;

const ensurePackages = () => {
  const lock = createHash("sha256");
  for (const file of ["package-lock.json", "infra/patched-packages.mjs"]) lock.update(readFileSync(join(root, file)));
  const installs = lock.digest("hex");
  const stamp = join(root, "node_modules", ".installed-from");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === installs) return;
  console.error("Installing the npm packages and Node 24 into node_modules (about 1 GB, once) …");
  // onnxruntime-node would fetch libraries for NVIDIA cards from elsewhere; `.npmrc` says the same to an npm that still hands it on.
  const env = { ...process.env, ONNXRUNTIME_NODE_INSTALL: "skip" };
  if (!run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], { env, stdio: ["inherit", 2, 2] }))
    stop("npm ci failed; its words are above. Then run the same command again.");
  writeFileSync(stamp, installs);
};

const ensureTool = (name) => {
  const tool = tools[name];
  if (tool.commands.every(has)) return;
  const line = `apt-get update && apt-get install -y --no-install-recommends ${tool.packages}`;
  if (process.getuid?.() !== 0 || !has("apt-get"))
    stop(`${tool.purpose} is missing. Type this, then run the same command again:\n\n    sudo sh -c '${line}'`);
  console.error(`Installing ${tool.purpose} by apt …`);
  const quiet = { env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" }, stdio: ["ignore", "ignore", "inherit"] };
  if (!run("sh", ["-c", line], quiet))
    stop(`apt could not install it. Type this and read what it says:\n\n    ${line}`);
};

const name = process.argv[2];
const program = programs[name];
if (!program) stop(`Unknown program. There are: ${Object.keys(programs).join(", ")}`);
const wantsHelp = process.argv.slice(3).some((argument) => argument === "--help" || argument === "-h");
ensurePackages();
if (!wantsHelp) program.tools.forEach(ensureTool);

const node = join(root, "node_modules", "node", "bin", "node");
if (!existsSync(node))
  stop("node_modules/node is not complete. Type: rm -rf node_modules, then run the same command again.");
const path = `${join(root, "node_modules", ".bin")}:${process.env.PATH ?? ""}`;
const child = spawn(node, [program.file, ...process.argv.slice(3)], {
  cwd: root,
  stdio: "inherit",
  env: { ...process.env, PATH: path },
});
// A terminal sends Ctrl-C to the whole group; a `kill` reaches this process alone and is passed on.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => child.kill("SIGTERM"));
process.on("SIGHUP", () => child.kill("SIGTERM"));
child.on("exit", (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
