/**
 * Ten cameras recorded by the agent, and the same ten by bare `ffmpeg -c copy -f segment`, at the same time on the same machine:
 * what matters is the ratio.
 */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { startAgentProcess, type AgentProcess } from "#edge-agent/testing/agent-process.ts";
import { standInServer, type StandInServer } from "#edge-agent/testing/stand-in-server.ts";
import { uuidv7 } from "#lib/ids.ts";
import { readLiveHeader } from "#lib/wire/live.ts";
import { cpuSeconds, memoryOf, percentile, type Memory } from "./processes.ts";

const WARM_UP_MS = 12_000;
const PERCENTILES = [0.5, 0.95, 0.99] as const;

export type EdgeFigures = {
  cameras: number;
  seconds: number;
  /** CPU seconds per camera and second. */
  agent: { own: number; writers: number };
  bare: number;
  ratio: number;
  /** Private memory per camera, the agent's own process shared over all, MB. */
  memory: { agent: Memory; writer: Memory; private_per_camera_mb: number; bare_private_mb: number };
  /** Capture at the relay to arrival at the server, ms: p50, p95, p99. */
  live_ms: number[];
  key_frames_per_second: number;
  fragments_per_second: number;
  segments: number;
  /** CPU seconds of the agent to send and confirm one second of one camera. */
  upload: number;
};

export type EdgeOptions = { cameras: number; seconds: number; node_arguments?: readonly string[] };

/** 1080p25 at 4 Mbit/s, made once. */
export const benchVideo = (): string => {
  const folder = join(tmpdir(), "gt-bench");
  const file = join(folder, "1080p25-4m-g50.h264");
  if (existsSync(file)) return file;
  mkdirSync(folder, { recursive: true });
  const noise = "testsrc2=size=1920x1080:rate=25,noise=alls=12:allf=t";
  const rate = ["-b:v", "4M", "-minrate", "4M", "-maxrate", "4M", "-bufsize", "4M"];
  const codec = [
    "-c:v",
    "libx264",
    "-preset",
    "ultrafast",
    "-bf",
    "0",
    "-g",
    "50",
    "-keyint_min",
    "50",
    "-sc_threshold",
    "0",
  ];
  const made = spawnSync(
    "ffmpeg",
    ["-v", "error", "-f", "lavfi", "-i", noise, "-t", "20", ...codec, ...rate, "-pix_fmt", "yuv420p"].concat([
      "-x264-params",
      "slices=1:sliced-threads=0:nal-hrd=cbr",
      "-f",
      "h264",
      "-y",
      `${file}.new`,
    ]),
  );
  if (made.status !== 0) throw new Error(`FFmpeg: ${made.stderr.toString()}`);
  renameSync(`${file}.new`, file);
  return file;
};

export const measureEdge = async ({ cameras, seconds, node_arguments = [] }: EdgeOptions): Promise<EdgeFigures> => {
  const folder = mkdtempSync(join(tmpdir(), "gt-bench-edge-"));
  const simulator = await startCameras(cameras);
  const server = await standInServer({ keep_bytes: false });
  server.refuse(uploadsWait);
  const agent = startAgentProcess({ dir: join(folder, "agent"), server: server.url, node_arguments });
  const bare = simulator.urls.map((url, index) => startBare(url, join(folder, `bare-${index}`)));
  try {
    const ids = desire(server, simulator.urls);
    await until(() => server.states().filter(({ recording }) => recording).length === cameras);
    await until(() => isWatched(server, ids));
    await pause(WARM_UP_MS);
    return await measure({ server, agent, bare, cameras, seconds });
  } finally {
    await agent.stop();
    for (const child of [...bare, simulator.child]) await ended(child);
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
};

/** As the gateway does: asks again until pictures come. */
const isWatched = (server: StandInServer, ids: readonly string[]): boolean => {
  const missing = ids.filter((id) => !server.live.some(({ camera_id }) => camera_id === id));
  for (const camera_id of missing) server.command({ type: "open_live", camera_id });
  return missing.length === 0;
};

const uploadsWait = (path: string): number | null => (path.startsWith("/api/agents/segments") ? 503 : null);

type Measured = { server: StandInServer; agent: AgentProcess; bare: ChildProcess[]; cameras: number; seconds: number };

const measure = async ({ server, agent, bare, cameras, seconds }: Measured): Promise<EdgeFigures> => {
  const pids = { writers: agent.writers(), bare: bare.map(({ pid }) => pid ?? 0) };
  if (pids.writers.length !== cameras) {
    throw new Error(`${pids.writers.length} of ${cameras} cameras are recorded:\n${agent.output()}`);
  }
  const look = () => ({ own: cpuSeconds(agent.pid), writers: total(pids.writers), bare: total(pids.bare) });
  const counts = { live: server.live.length, frames: server.frames.length };
  const [before, began] = [look(), performance.now()];
  await pause(seconds * 1000);
  const [after, took] = [look(), (performance.now() - began) / 1000];
  const share = took * cameras;
  const per = (name: "own" | "writers" | "bare"): number => (after[name] - before[name]) / share;
  const live = server.live.slice(counts.live).flatMap(({ data, received_at_ms }) => {
    const header = typeof data === "string" ? null : readLiveHeader(data);
    return header?.kind === 2 ? [received_at_ms - header.captured_at_ms] : [];
  });
  const memory = memoryFigures(agent.pid, pids.writers, pids.bare);
  const [own, writers, bareCpu] = [per("own"), per("writers"), per("bare")];
  const frames = server.frames.length - counts.frames;
  const upload = await measureUpload(server, agent);
  return {
    cameras,
    seconds: took,
    agent: { own, writers },
    bare: bareCpu,
    ratio: (own + writers) / bareCpu,
    memory,
    live_ms: PERCENTILES.map((part) => percentile(live, part)),
    key_frames_per_second: frames / share,
    fragments_per_second: live.length / share,
    ...upload,
  };
};

/** Desired state empty: what is left to do is sending what waits. */
const measureUpload = async (
  server: StandInServer,
  agent: AgentProcess,
): Promise<{ upload: number; segments: number }> => {
  server.desire([]);
  await until(() => agent.writers().length === 0);
  const [before, began] = [cpuSeconds(agent.pid), performance.now()];
  server.refuse(null);
  let [count, changed] = [0, performance.now()];
  // The back-off of the refused uploads may last half a minute.
  while (performance.now() - began < 45_000 && (count === 0 || performance.now() - changed < 3000)) {
    await pause(100);
    if (server.segments.size === count) continue;
    [count, changed] = [server.segments.size, performance.now()];
  }
  const media = [...server.segments.values()].reduce((sum, { segment }) => sum + segment.media_duration_ms / 1000, 0);
  return { upload: (cpuSeconds(agent.pid) - before) / media, segments: server.segments.size };
};

const memoryFigures = (own: number, writers: readonly number[], bare: readonly number[]): EdgeFigures["memory"] => {
  const agent = memoryOf(own);
  const mean = (pids: readonly number[]): Memory => {
    const all = pids.map(memoryOf);
    const of = (name: keyof Memory): number => all.reduce((sum, one) => sum + one[name], 0) / all.length;
    return { private_mb: of("private_mb"), pss_mb: of("pss_mb") };
  };
  const writer = mean(writers);
  return {
    agent,
    writer,
    private_per_camera_mb: agent.private_mb / writers.length + writer.private_mb,
    bare_private_mb: mean(bare).private_mb,
  };
};

const total = (pids: readonly number[]): number => pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0);

const desire = (server: StandInServer, urls: readonly string[]): string[] => {
  const cameras = urls.map((url_rtsp, index) => ({
    id: uuidv7(),
    cidade_id: uuidv7(),
    nome: `Câmera ${index + 1}`,
    url_rtsp,
    recording_id: uuidv7(),
    upload_policy: "everything" as const,
  }));
  server.desire(cameras);
  return cameras.map(({ id }) => id);
};

const startCameras = async (count: number): Promise<{ child: ChildProcess; urls: string[] }> => {
  const program = join(import.meta.dirname, "cameras.ts");
  const child = spawn(process.execPath, [program, benchVideo(), "25", String(count)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  return { child, urls: JSON.parse(line) as string[] };
};

const startBare = (url: string, folder: string): ChildProcess => {
  mkdirSync(folder);
  const input = ["-nostdin", "-v", "error", "-rtsp_transport", "tcp", "-i", url];
  const output = ["-map", "0:v:0", "-c", "copy", "-f", "segment", "-segment_time", "10", `${folder}/%08d.mp4`];
  return spawn("ffmpeg", [...input, ...output], { stdio: ["ignore", "ignore", "inherit"] });
};

const ended = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
};

const until = async (look: () => boolean): Promise<void> => {
  for (const began = performance.now(); !look();) {
    if (performance.now() - began > 180_000) throw new Error("waited in vain");
    await pause(250);
  }
};
