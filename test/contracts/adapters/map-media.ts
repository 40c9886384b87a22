/** Paths in a Map, for the suite alone: its readers do not even speak RTSP. */
import { connect } from "node:net";
import { AppError } from "#lib/errors.ts";
import type { MediaServer } from "#lib/media-server/media-server.ts";
import type { MediaBench } from "../media-server.ts";
import { sourceCameras, tokenOf } from "./media-bench.ts";

export type MapPaths = Map<string, { source: string; since: Date | null }>;
export type MapMedia = MediaBench & { kept: MapPaths; dial(name: string): Promise<void> };

export const mapMedia = async (): Promise<MapMedia> => {
  const kept: MapPaths = new Map();
  const cameras = sourceCameras();
  let mood = "well";
  const check = (isRight: boolean): void => {
    if (!isRight) throw new AppError("malformed", "no such name or source");
  };
  const isName = (name: string): boolean => name.length > 7 && !/[^a-z0-9-]|^-/.test(name);
  const server: MediaServer = {
    addPath: async (name, source) => {
      check(isName(name) && source.startsWith("rtsp://"));
      if (kept.get(name)?.source !== source) kept.set(name, { source, since: null });
    },
    removePath: async (name) => {
      check(isName(name));
      kept.delete(name);
    },
    paths: async () =>
      [...kept].map(([name, { since }]) => ({
        name,
        ready: since !== null,
        ready_since: since,
        bytes_received: 0,
        readers: 0,
      })),
    readerUrl: async (name) => {
      check(isName(name));
      return `map://127.0.0.1/${name}?token=${tokenOf(name)}`;
    },
    close: async () => undefined,
  };
  const dial = async (name: string): Promise<void> => {
    const path = kept.get(name);
    const { port, hostname } = new URL(path?.source ?? "rtsp://127.0.0.1:1");
    const socket = connect(Number(port), hostname);
    await new Promise((resolve) => socket.once("connect", resolve));
    socket.destroy();
    if (path) path.since = new Date();
  };
  return {
    server,
    kept,
    dial,
    restart: async () => server,
    kill: async () => undefined,
    open: async () => undefined,
    camera: cameras.camera,
    describe: async (address) => {
      const { pathname, searchParams } = new URL(address);
      const name = pathname.slice(1);
      if (mood !== "well" || searchParams.get("token") !== tokenOf(name)) return 401;
      if (!kept.has(name)) return 404;
      await dial(name);
      return 200;
    },
    mood: (next) => void (mood = next),
    right_ms: 200,
    close: cameras.close,
  };
};
