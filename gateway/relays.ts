/**
 * Live pictures between gateways. An agent's socket arrives wherever a balancer sends it, its viewers sit elsewhere: the
 * gateway that has the pictures says so, and the one that wants them dials it and is served like a viewer.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { WebSocket } from "ws";
import * as z from "zod";
import type { Cache } from "#lib/cache/cache.ts";
import { parseText } from "./sockets.ts";

/** A gateway among others. */
export type Peers = {
  /** Where the others reach this one, without a trailing slash. Behind no balancer. */
  url: string;
  /** Known to every gateway and to nobody else. */
  secret: string;
};

export const LiveSource = z.object({
  type: z.literal("source"),
  url: z.url(),
  agent_id: z.string(),
  /** Two sockets of one agent: the older is dead and does not know it. */
  since_ms: z.number(),
});
export type LiveSource = z.infer<typeof LiveSource>;
const BetweenGateways = z.discriminatedUnion("type", [LiveSource, z.object({ type: z.literal("wanted") })]);

export type Relays = {
  /** What other gateways say of a camera. */
  follow(
    camera_id: string,
    on: { wanted(): void; source(source: LiveSource): void },
  ): Promise<{ stop(): Promise<void> }>;
  want(camera_id: string): void;
  /** `false`: nobody follows this camera. */
  offer(camera_id: string, source: Pick<LiveSource, "agent_id" | "since_ms">): Promise<boolean>;
  dial(url: string, camera_id: string): WebSocket;
  /** Of a request for `/gateways/live/<camera_id>`. */
  isProof(authorization: string | undefined, camera_id: string): boolean;
};

const PROOF_MS = 60_000;
const relayChannel = (camera_id: string): string => `live:${camera_id}`;

export const createRelays = (
  cache: Pick<Cache, "publish" | "subscribe">,
  gateway_id: string,
  { url, secret }: Peers,
  clock: () => Date,
): Relays => {
  const own = `${gateway_id}\n`;
  const say = (camera_id: string, message: z.infer<typeof BetweenGateways>): Promise<boolean> =>
    cache.publish(relayChannel(camera_id), own + JSON.stringify(message));
  const proofOf = (camera_id: string, until: number): string =>
    createHmac("sha256", secret).update(`live ${camera_id} ${until}`).digest("base64url");
  return {
    follow: (camera_id, on) =>
      cache.subscribe(relayChannel(camera_id), (text) => {
        // Whoever still has no pictures asks again every two seconds.
        if (text === null || text.startsWith(own)) return;
        const message = parseText(BetweenGateways, text.slice(text.indexOf("\n") + 1));
        if (message?.type === "wanted") on.wanted();
        else if (message) on.source(message);
      }),
    want: (camera_id) => void say(camera_id, { type: "wanted" }),
    offer: (camera_id, source) => say(camera_id, { type: "source", url, ...source }),
    dial: (at, camera_id) => {
      const until = clock().getTime() + PROOF_MS;
      return new WebSocket(`${at.replace(/^http/, "ws")}/gateways/live/${camera_id}`, {
        headers: { authorization: `Relay ${until}.${proofOf(camera_id, until)}` },
        perMessageDeflate: false,
        handshakeTimeout: 5000,
        followRedirects: false,
      });
    },
    isProof: (authorization, camera_id) => {
      const [, until = "", mac = ""] = /^Relay (\d{1,16})\.([\w-]{43})$/.exec(authorization ?? "") ?? [];
      const isFresh = Number(until) > clock().getTime() && Number(until) <= clock().getTime() + 2 * PROOF_MS;
      return isFresh && timingSafeEqual(Buffer.from(mac), Buffer.from(proofOf(camera_id, Number(until))));
    },
  };
};
