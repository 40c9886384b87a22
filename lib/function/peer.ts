/** Who is at the other end of the line: nothing a stranger writes into headers is believed. */
import { uuidv7 } from "#lib/ids.ts";

export type Peer = {
  /** Of the connection itself. Absent: a call in process. */
  address?: string | undefined;
};

export type Trace = {
  /** The client's address, as far as trusted proxies vouch for it. */
  address: string;
  correlation_id: string;
  traceparent: string;
  secure: boolean;
};

/** `trusted`: addresses or IPv4 networks (`10.0.0.0/8`) whose forwarding headers are believed. */
export const traceOf = (request: Request, peer: Peer, trusted: (address: string) => boolean, now: Date): Trace => {
  const own = normalAddress(peer.address ?? "in-process");
  const secure = request.url.startsWith("https:");
  if (!trusted(own)) return { address: own, correlation_id: uuidv7(now), traceparent: newTraceparent(), secure };
  const { headers } = request;
  const correlation = headers.get("x-correlation-id") ?? "";
  const traceparent = headers.get("traceparent") ?? "";
  return {
    address: forwardedAddress(own, headers.get("x-forwarded-for"), trusted),
    correlation_id: /^[\w.:-]{8,128}$/.test(correlation) ? correlation : uuidv7(now),
    traceparent: isTraceparent(traceparent) ? traceparent : newTraceparent(),
    secure: secure || headers.get("x-forwarded-proto") === "https",
  };
};

export const isTraceparent = (text: string): boolean =>
  /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(text) && !/^00-0{32}|-0{16}-/.test(text);

export const newTraceparent = (): string => {
  const random = crypto.randomUUID().replaceAll("-", "");
  return `00-${random}-${crypto.randomUUID().replaceAll("-", "").slice(16)}-01`;
};

/** From the right: the first address that no trusted proxy vouches for itself. */
const forwardedAddress = (own: string, header: string | null, trusted: (address: string) => boolean): string => {
  const hops = (header ?? "").split(",").map((hop) => normalAddress(hop.trim()));
  let address = own;
  for (const hop of hops.toReversed()) {
    if (!/^[0-9a-f.:]{2,45}$/i.test(hop)) return address;
    address = hop;
    if (!trusted(hop)) return address;
  }
  return address;
};

/** `::ffff:10.0.0.1` is 10.0.0.1, also where a list is compared. */
export const normalAddress = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, "");

export const trustedAddresses = (list: readonly string[]): ((address: string) => boolean) => {
  const exact = new Set(list.filter((entry) => !entry.includes("/")));
  const networks = list.filter((entry) => entry.includes("/")).map(networkOf);
  return (address) => {
    if (exact.has(address)) return true;
    const number = ipv4(address);
    return number !== null && networks.some(({ base, size }) => number >= base && number < base + size);
  };
};

const networkOf = (text: string): { base: number; size: number } => {
  const [address = "", bits = ""] = text.split("/");
  const number = ipv4(address);
  if (number === null || !/^\d{1,2}$/.test(bits) || Number(bits) > 32)
    throw new Error("A trusted network is a.b.c.d/n");
  const size = 2 ** (32 - Number(bits));
  return { base: number - (number % size), size };
};

const ipv4 = (address: string): number | null => {
  const parts = address.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256)) return null;
  return parts.reduce((sum, part) => sum * 256 + Number(part), 0);
};

const privateNetworks = trustedAddresses([
  "127.0.0.0/8",
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "::1",
  "in-process",
]);
/** Loopback and private networks: who may read metrics without a credential. */
export const isNear = (address: string): boolean => privateNetworks(address);
