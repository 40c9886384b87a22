/** The adapter of MediaMTX over the fake, in both versions, and over a real server that is already there. */
import { connectMedia } from "#lib/media-server/connect.ts";
import { mediaAddress } from "#lib/media-server/media-address.ts";
import type { MediaServer } from "#lib/media-server/media-server.ts";
import type { MediaBench } from "../media-server.ts";
import { fakeMediamtx, type FakeVersion } from "./fake-mediamtx.ts";
import { describeStream, hookServer, sourceCameras, tokenOf } from "./media-bench.ts";

type Around = {
  url: string;
  auth_url: string;
  settle_ms: number;
  right_ms: number;
  kill(): Promise<void>;
  open(): Promise<void>;
  close(): Promise<void>;
};

const benchOf = async (hook: Awaited<ReturnType<typeof hookServer>>, around: Around): Promise<MediaBench> => {
  const cameras = sourceCameras();
  const opened: MediaServer[] = [];
  const { url, auth_url, settle_ms } = around;
  const start = async (): Promise<MediaServer> => {
    const one = await connectMedia(url, { token: async (name) => tokenOf(name), auth_url, settle_ms });
    opened.push(one);
    return one;
  };
  return {
    server: await start(),
    restart: start,
    kill: around.kill,
    open: around.open,
    camera: cameras.camera,
    describe: describeStream,
    mood: hook.mood,
    right_ms: around.right_ms,
    close: async () => {
      for (const one of opened) await one.close();
      await around.close();
      await cameras.close();
      await hook.close();
    },
  };
};

export const fakeBench = (version: FakeVersion) => async (): Promise<MediaBench> => {
  const hook = await hookServer();
  const fake = await fakeMediamtx(version, hook.url);
  const patch = version === "1.5.1" ? { externalAuthenticationURL: "" } : { authMethod: "internal" };
  return benchOf(hook, {
    url: `${fake.url}?rtsp=${fake.rtsp_url}`,
    auth_url: hook.url,
    settle_ms: 20,
    right_ms: 5000,
    kill: async () => fake.restart(),
    open: () => call(fake.url, "PATCH", "/v3/config/global/patch", patch),
    close: fake.close,
  });
};

/** A real one is nobody's to kill: what a kill takes away is taken away by its API. What it asked before, it asks again at the end. */
export const realBench = (url: string) => async (): Promise<MediaBench> => {
  const hook = await hookServer();
  const { api } = mediaAddress(url);
  const before = (await read(api, "/v3/config/global/get")) as Record<string, unknown>;
  const isNew = "authMethod" in before;
  const names = isNew ? ["authMethod", "authHTTPAddress", "authHTTPExclude"] : ["externalAuthenticationURL"];
  const asItWas = Object.fromEntries(names.flatMap((name) => (name in before ? [[name, before[name]]] : [])));
  const patch = (body: unknown) => call(api, "PATCH", "/v3/config/global/patch", body);
  const removeOurs = async (): Promise<void> => {
    const { items = [] } = (await read(api, "/v3/config/paths/list?itemsPerPage=1000")) as {
      items?: { name: string }[];
    };
    for (const { name } of items)
      if (/^gt-[0-9a-f-]{36}$/.test(name)) await call(api, "DELETE", `/v3/config/paths/delete/${name}`);
  };
  const ask = isNew
    ? { authMethod: "http", authHTTPAddress: hook.url, authHTTPExclude: [{ action: "api" }] }
    : { externalAuthenticationURL: hook.url };
  await patch(ask);
  return benchOf(hook, {
    url,
    auth_url: hook.url,
    settle_ms: 500,
    right_ms: 30_000,
    kill: async () => {
      await removeOurs();
      await patch(asItWas);
    },
    open: () => patch(isNew ? { authMethod: "internal" } : { externalAuthenticationURL: "" }),
    close: async () => {
      await removeOurs();
      await patch(asItWas);
    },
  });
};

const call = async (api: string, method: string, path: string, body?: unknown): Promise<void> => {
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const answer = await fetch(`${api}${path}`, { method, headers: { "content-type": "application/json" }, ...sent });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
};
const read = async (api: string, path: string): Promise<unknown> => (await fetch(`${api}${path}`)).json();
