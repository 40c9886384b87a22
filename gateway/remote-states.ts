/** States of cameras between gateways: each says what its agents say, and hears what a city's other agents say. */
import * as z from "zod";
import type { Cache } from "#lib/cache/cache.ts";
import { CameraState } from "#lib/wire/agent.ts";
import { parseText } from "./sockets.ts";

export type RemoteStates = {
  say(cidade_id: string, cameras: readonly CameraState[]): void;
  /** However many consoles want a city, it is heard once. */
  follow(cidade_id: string): Promise<{ stop(): Promise<void> }>;
};

type Followed = { count: number; hearing: Promise<{ stop(): Promise<void> }> };

const statesChannel = (cidade_id: string): string => `states:${cidade_id}`;

export const createRemoteStates = (
  cache: Pick<Cache, "publish" | "subscribe">,
  gateway_id: string,
  onStates: (cidade_id: string, cameras: CameraState[]) => void,
): RemoteStates => {
  const followed = new Map<string, Followed>();
  // Before the JSON, so that what comes back to who said it need not be read.
  const own = `${gateway_id}\n`;
  const hear = (cidade_id: string): Followed["hearing"] =>
    cache.subscribe(statesChannel(cidade_id), (text) => {
      // What was missed is said again within 2 s.
      if (text === null || text.startsWith(own)) return;
      const cameras = parseText(z.array(CameraState), text.slice(text.indexOf("\n") + 1));
      if (cameras) onStates(cidade_id, cameras);
    });
  return {
    say: (cidade_id, cameras) => void cache.publish(statesChannel(cidade_id), own + JSON.stringify(cameras)),
    follow: async (cidade_id) => {
      const entry = followed.get(cidade_id) ?? { count: 0, hearing: hear(cidade_id) };
      followed.set(cidade_id, entry);
      entry.count += 1;
      await entry.hearing;
      return {
        stop: async () => {
          entry.count -= 1;
          if (entry.count > 0) return;
          followed.delete(cidade_id);
          await (await entry.hearing).stop();
        },
      };
    },
  };
};
