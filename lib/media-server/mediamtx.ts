/**
 * MediaMTX as the relay. What was asked for is kept here and compared with what it has, again and again: it forgets what came
 * by its API at each restart, and whom it asks about readers may have been changed by hand.
 */
import { AppError } from "#lib/errors.ts";
import { pause } from "#lib/pause.ts";
import { mediaAddress } from "./media-address.ts";
import type { MediaServer } from "./media-server.ts";
import { mediamtxApi, type MediamtxApi, type PathSettings } from "./mediamtx-api.ts";

export type MediamtxOptions = {
  /** A short token that lets its bearer read this path. */
  token?: (name: string) => Promise<string>;
  /** Whom it must ask about readers, e.g. `http://127.0.0.1:8080/media/authorise`. Not given: what its file says stays. */
  auth_url?: string;
  /** How often what it has is compared with what it should have. */
  settle_ms?: number;
  /** Hears what was put right, and of what could not be. Never of a camera's address. */
  say?: (line: string) => void;
};

const SETTLE_MS = 5000;

export const mediamtxServer = async (url: string, options: MediamtxOptions): Promise<MediaServer> => {
  const address = mediaAddress(url);
  const api = mediamtxApi(address);
  const desired = new Map<string, PathSettings>();
  const say = options.say ?? (() => undefined);
  const alone = oneAtATime();
  const settling = settle(() => alone(() => putRight(api, desired, options.auth_url, say)), options.settle_ms, say);
  return {
    addPath: async (name, source_url) => {
      checkName(name);
      // Over TCP: what a city's networks lose of UDP is lost to evidence.
      const settings = { source: checkedSource(source_url), sourceOnDemand: true, rtspTransport: "tcp" };
      await alone(async () => {
        await place(api, name, settings, (await api.settings()).get(name));
        desired.set(name, settings);
      });
    },
    removePath: async (name) => {
      checkName(name);
      await alone(async () => {
        desired.delete(name);
        await api.remove(name);
      });
    },
    paths: async () => (await api.active()).filter(({ name }) => isName(name)),
    readerUrl: async (name) => {
      checkName(name);
      const token = await options.token?.(name);
      return `${address.rtsp}/${name}${token === undefined ? "" : `?token=${encodeURIComponent(token)}`}`;
    },
    close: () => settling.stop(),
  };
};

/** Answers whether anything had to be done. */
const place = async (
  api: MediamtxApi,
  name: string,
  wanted: PathSettings,
  found: PathSettings | undefined,
): Promise<boolean> => {
  const same = (["source", "sourceOnDemand", "rtspTransport"] as const).every((key) => found?.[key] === wanted[key]);
  if (same) return false;
  if (found) await api.change(name, wanted);
  else await api.add(name, wanted);
  return true;
};

const putRight = async (
  api: MediamtxApi,
  desired: ReadonlyMap<string, PathSettings>,
  auth_url: string | undefined,
  say: (line: string) => void,
): Promise<void> => {
  // Before the paths: between the two nobody may read them unasked.
  if (auth_url !== undefined && !(await api.asks(auth_url))) {
    await api.ask(auth_url);
    say("MediaMTX asked somebody else about its readers: put right");
  }
  const found = await api.settings();
  const put: string[] = [];
  for (const [name, wanted] of desired) if (await place(api, name, wanted, found.get(name))) put.push(name);
  if (put.length > 0) say(`MediaMTX had lost or changed ${put.length} paths: put right`);
};

/** A fault that lasts is said once. */
const settle = (
  work: () => Promise<void>,
  every_ms: number = SETTLE_MS,
  say: (line: string) => void,
): { stop(): Promise<void> } => {
  const naps = pause();
  const state = { stopping: false, failing: false };
  const loop = async (): Promise<void> => {
    while (!state.stopping) {
      try {
        await work();
        state.failing = false;
      } catch (error) {
        if (!state.failing) say(error instanceof AppError ? error.message : "MediaMTX could not be put right");
        state.failing = true;
      }
      if (!state.stopping) await naps.nap(every_ms);
    }
  };
  const running = loop();
  return {
    async stop() {
      state.stopping = true;
      naps.wakeAll();
      await running;
    },
  };
};

const isName = (name: string): boolean => /^[a-z0-9][a-z0-9-]{7,63}$/.test(name);

const checkName = (name: string): void => {
  if (!isName(name)) throw new AppError("malformed", "This is no name of a path", { reason: "media.name" });
};

/** MediaMTX puts values in place of `$NAME`: no part of a camera's address may be read as that. */
const checkedSource = (source: string): string => {
  const url = URL.parse(source);
  if (!url || !/^(rtsps?|rtmps?):$/.test(url.protocol) || url.hostname === "")
    throw new AppError("malformed", "This is no address of a camera", { reason: "media.source" });
  return source.replaceAll("$", "%24");
};

const oneAtATime = (): (<R>(work: () => Promise<R>) => Promise<R>) => {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const own = last.then(work, work);
    last = own;
    return own;
  };
};
