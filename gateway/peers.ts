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

/** An agent proves who it is and not which cameras are its own: pictures are only ever those of one agent. */
export type OfAgent = { agent_id: string; camera_id: string };

export const LiveSource = z.object({
  type: z.literal("source"),
  url: z.url(),
  /** Two sockets of one agent: the older is dead and does not know it. */
  since_ms: z.number(),
});
export type LiveSource = z.infer<typeof LiveSource>;
const BetweenGateways = z.discriminatedUnion("type", [LiveSource, z.object({ type: z.literal("wanted") })]);

export type PeerLine = {
  /** What other gateways say of a camera. */
  follow(of: OfAgent, on: { wanted(): void; source(source: LiveSource): void }): Promise<{ stop(): Promise<void> }>;
  want(of: OfAgent): void;
  /** `false`: nobody follows this camera. */
  offer(of: OfAgent, since_ms: number): Promise<boolean>;
  dial(url: string, of: OfAgent): WebSocket;
  /** Of a request for `/gateways/live/<agent_id>/<camera_id>`. */
  isProof(authorization: string | undefined, of: OfAgent): boolean;
};

const PROOF_MS = 60_000;
const nameOf = ({ agent_id, camera_id }: OfAgent): string => `${agent_id}/${camera_id}`;
const sourceChannel = (of: OfAgent): string => `live:${nameOf(of)}`;

export const createPeerLine = (
  cache: Pick<Cache, "publish" | "subscribe">,
  gateway_id: string,
  { url, secret }: Peers,
  clock: () => Date,
): PeerLine => {
  const own = `${gateway_id}\n`;
  const say = (of: OfAgent, message: z.infer<typeof BetweenGateways>): Promise<boolean> =>
    cache.publish(sourceChannel(of), own + JSON.stringify(message));
  const proofOf = (of: OfAgent, until: number): string =>
    createHmac("sha256", secret)
      .update(`live ${nameOf(of)} ${until}`)
      .digest("base64url");
  return {
    follow: (of, on) =>
      cache.subscribe(sourceChannel(of), (text) => {
        // Whoever still has no pictures asks again every two seconds.
        if (text === null || text.startsWith(own)) return;
        const message = parseText(BetweenGateways, text.slice(text.indexOf("\n") + 1));
        if (message?.type === "wanted") on.wanted();
        else if (message) on.source(message);
      }),
    want: (of) => void say(of, { type: "wanted" }),
    offer: (of, since_ms) => say(of, { type: "source", url, since_ms }),
    dial: (at, of) => {
      const until = clock().getTime() + PROOF_MS;
      return new WebSocket(`${at.replace(/^http/, "ws")}/gateways/live/${nameOf(of)}`, {
        headers: { authorization: `Relay ${until}.${proofOf(of, until)}` },
        perMessageDeflate: false,
        handshakeTimeout: 5000,
        followRedirects: false,
      });
    },
    isProof: (authorization, of) => {
      const [, until = "", mac = ""] = /^Relay (\d{1,16})\.([\w-]{43})$/.exec(authorization ?? "") ?? [];
      const isFresh = Number(until) > clock().getTime() && Number(until) <= clock().getTime() + 2 * PROOF_MS;
      return isFresh && timingSafeEqual(Buffer.from(mac), Buffer.from(proofOf(of, Number(until))));
    },
  };
};
