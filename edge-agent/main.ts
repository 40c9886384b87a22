/** The edge agent: `node edge-agent/main.ts CONFIG.json` (`config.ts` says what is in it). */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readEnvironment } from "#lib/environment.ts";
import { createLog, type Log } from "#lib/log.ts";
import { pause } from "#lib/pause.ts";
import { startAgent } from "./agent.ts";
import { backOff } from "./back-off.ts";
import { readConfig, type Config } from "./config.ts";
import { diskReserve } from "./disk-reserve.ts";
import { openGaps } from "./gaps.ts";
import { openIdentity, type Identity } from "./identity.ts";
import { openKeptDesiredState } from "./kept-desired-state.ts";
import { keyFrames, type KeyFrames } from "./key-frame-sender.ts";
import { endOrphanedWriters } from "./orphaned-writers.ts";
import { SiteEnvironment } from "./reading/settings.ts";
import { oneAtATime } from "./one-at-a-time.ts";
import { openRelay } from "./rtsp/relay.ts";
import { parseNetworks } from "./rtsp/networks.ts";
import { connectServer, type Server } from "./server-client.ts";
import { serverClock } from "./server-clock.ts";
import { openSpool } from "./spool.ts";
import { startUploads } from "./uploads.ts";

const LAST_UPLOAD_MS = 3000;

const main = async (): Promise<void> => {
  const [file] = process.argv.slice(2);
  if (!file) throw new Error("Usage: node edge-agent/main.ts CONFIG.json");
  const config = readConfig(file);
  const settings = readEnvironment(SiteEnvironment);
  const networks = parseNetworks(config.camera_networks);
  const log = createLog({ context: "agent", level: config.log_level });
  const stopping = told();
  mkdirSync(config.dir, { recursive: true, mode: 0o700 });

  const clock = serverClock();
  const folder = join(config.dir, "spool");
  const killed = await endOrphanedWriters(join(folder, "recording"));
  if (killed > 0) log.warn("writers of a run before had to be ended", { killed });
  const spool = await openSpool(folder);
  const gaps = await openGaps(spool, clock.now, log);
  const identity = await enrolled(config, log, clock.now, stopping.signal);
  if (!identity) return;
  const server = connectServer(config.server, identity.authorization, clock.suggest);
  const uploads = startUploads({ spool, server, log });
  const relay = await openRelay();
  const analysis = await openAnalysis(settings, { identity, server, now: clock.now, log });
  const agent = startAgent({
    server,
    clock,
    relay,
    spool,
    gaps,
    kept: await openKeptDesiredState(config.dir, identity.agent_id, log),
    networks,
    log,
    reserve: diskReserve(spool, config.reserve_bytes),
    now: clock.now,
    clockOffset: clock.offset,
    inTurn: oneAtATime(),
    onSegment(segment) {
      gaps.kept(segment);
      uploads.wake();
    },
    keyFrames: analysis.keyFrames,
  });
  log.info("agent runs", { agent_id: identity.agent_id, cidade_id: identity.cidade_id });

  await stopping.promise;
  // What is on its way may still arrive: cut off now, it would be sent again.
  await pause().within(uploads.stop(), LAST_UPLOAD_MS);
  await agent.stop();
  await pause().within(analysis.stop(), LAST_UPLOAD_MS);
  server.close();
  await uploads.stop();
  await relay.close();
  await gaps.settled();
  log.info("agent has ended", { sent: analysis.sent() });
  if (process.connected) process.disconnect();
};

type Analysis = { keyFrames: KeyFrames; sent(): Record<string, unknown>; stop(): Promise<void> };
type AnalysisNeeds = { identity: Identity; server: Server; now: () => number; log: Log };

/** Key frames go to the server, or are read here: only then is loaded what that takes. */
const openAnalysis = async (settings: SiteEnvironment, needs: AnalysisNeeds): Promise<Analysis> => {
  const { identity, server, now, log } = needs;
  const frames = keyFrames(server, now, log);
  if (settings.VISION_AT_SITE === "off") {
    return { keyFrames: frames, sent: () => ({ key_frames: frames.sent() }), stop: async () => undefined };
  }
  const { readAtSite } = await import("./reading/read-at-site.ts");
  const { reader, looks } = await readAtSite(settings, { cidade_id: identity.cidade_id, frames, server, now, log });
  return {
    keyFrames: reader,
    sent: () => ({ key_frames: frames.sent(), looks: looks.sent() }),
    async stop() {
      await reader.stop();
      await looks.stop();
    },
  };
};

/** Waits for the server as long as it takes; `null` when told to end meanwhile. */
const enrolled = async (config: Config, log: Log, now: () => number, signal: AbortSignal): Promise<Identity | null> => {
  const naps = pause();
  signal.addEventListener("abort", naps.wakeAll, { once: true });
  const retry = backOff({ first_ms: 500, longest_ms: 15_000, breaker_ms: 30_000 });
  const code = (): string | null => {
    const path = config.enrolment_code_file;
    return path && existsSync(path) ? readFileSync(path, "utf8").trim() || null : null;
  };
  const send = async (body: unknown): Promise<unknown> => {
    const response = await fetch(`${config.server}/api/agents/enrol`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(15_000),
    });
    if (!response.ok) throw new Error(`The server answered ${response.status} to the enrolment`);
    return response.json();
  };
  while (!signal.aborted) {
    try {
      return await openIdentity(config.dir, code, send, now);
    } catch (error) {
      log.warn("not enrolled yet", { error });
      if (!signal.aborted) await naps.nap(retry.failed());
    }
  }
  return null;
};

/** By a signal, or because who started us is gone. */
const told = (): { promise: Promise<void>; signal: AbortSignal } => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const controller = new AbortController();
  const end = (): void => {
    controller.abort();
    resolve();
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, end);
  process.once("disconnect", end);
  return { promise, signal: controller.signal };
};

await main();
