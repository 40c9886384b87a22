/** `npm start`: everything on this machine, under one supervisor. */
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { readEnvironment } from "#lib/environment.ts";
import { SiteEnvironment } from "#edge-agent/reading/settings.ts";
import { visionVariables } from "#lib/vision/settings.ts";
import { openDataFolder, type DataFolder } from "./data-folder.ts";
import { help, readOptions, type StartOptions } from "./options.ts";
import { readAddresses, readServersFile, unreachable, UP, type Addresses } from "./servers.ts";
import { startSystem, type System } from "./system.ts";

const root = join(import.meta.dirname, "..", "..");

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const main = async (): Promise<void> => {
  const options = readOptions(process.argv.slice(2), root);
  if (options.help) return say(help);
  if (options.reset && !(await reset(options))) return;
  const addresses = await addressesFor(options);
  const vision = visionVariables(readEnvironment(SiteEnvironment));
  const folder = openDataFolder(options.data, options.seed);
  let system: System | null = null;
  const stopping = new AbortController();
  const stop = onFirstSignal(() => stopping.abort());
  try {
    system = await startSystem(folder, options, { root, addresses, vision, say, signal: stopping.signal });
    say(welcome(system, folder, options));
    await stop;
  } catch (error) {
    if (!stopping.signal.aborted) throw error;
  } finally {
    say("\nStopping …");
    await system?.stop();
    folder.release();
    say("Stopped. Nothing was lost; the next start goes on here.");
  }
};

/** Whoever names servers is told at once when one of them does not answer. */
const addressesFor = async ({ real }: StartOptions): Promise<Addresses> => {
  const file = real ? readServersFile(root) : null;
  if (file?.made)
    throw new Error(
      `${file.file} was made, with new passwords. Start the servers, then type the same again:\n\n    ${UP}`,
    );
  const addresses = readAddresses({ ...file?.source, ...process.env });
  const absent = await unreachable(addresses);
  if (absent.length > 0)
    throw new Error(`Nothing answers at: ${absent.join(", ")}.${real ? `\nStart the servers:\n\n    ${UP}` : ""}`);
  return addresses;
};

/** A second Ctrl-C does not wait. */
const onFirstSignal = (onSignal: () => void): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>();
  let asked = false;
  const ask = (): void => {
    if (asked) return;
    asked = true;
    onSignal();
    resolve();
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, ask);
  return promise;
};

const reset = async (options: StartOptions): Promise<boolean> => {
  if (!existsSync(options.data)) return true;
  if (!options.yes) {
    if (!process.stdin.isTTY)
      throw new Error("--reset deletes everything; without a terminal to ask on it needs --yes.");
    const lines = createInterface({ input: process.stdin, output: process.stdout });
    const answer = await lines.question(
      `Delete ${options.data} with all recordings, reads, users and keys? Type “delete”: `,
    );
    lines.close();
    if (answer.trim() !== "delete") {
      say("Nothing was deleted.");
      return false;
    }
  }
  // Taken first, so that a running system is never pulled away under its own feet.
  openDataFolder(options.data, null).release();
  rmSync(options.data, { recursive: true });
  return true;
};

const welcome = (system: System, folder: DataFolder, options: StartOptions): string =>
  [
    "",
    `  GT-Vision is running:  ${system.url}`,
    ...(system.first_link
      ? ["", "  First sign-in (works once, for 24 h; another: npm run link):", `  ${system.first_link}`]
      : []),
    ...(system.authority_file
      ? ["", `  Browsers trust it once they have this authority: ${system.authority_file}`]
      : []),
    "",
    ...(options.demo
      ? [
          `  Demonstration city, seed ${folder.installation.seed}: ${system.demo_cameras} cameras, synthetic vehicles and plates.`,
        ]
      : []),
    "  A camera of your own: Câmeras → Adicionar. A video file as one: npm run camera -- FILE",
    `  Data: ${folder.root}   Logs: ${folder.logs}   Stop: Ctrl-C`,
    "",
  ].join("\n");

main().catch((error: unknown) => {
  process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n\n`);
  process.exitCode = 1;
});
