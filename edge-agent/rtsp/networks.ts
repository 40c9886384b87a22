/** Which addresses and ports an agent may dial. Checked on the resolved address of every connection, before anything leaves. */
import { BlockList, isIP } from "node:net";
import { networkInterfaces } from "node:os";

type Network = { address: string; prefix: number; list: BlockList; ports: readonly [number, number] };
export type Networks = readonly Network[];

const PRIVATE = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"];
/** This machine, this link, everybody: reached only by an entry that names nothing else. */
const SPECIAL = ["0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4"];
const SPECIAL_6 = ["::/127", "fe80::/10", "ff00::/8"];
const ALL_PORTS = [1, 65_535] as const;

/** Entries: `private`, `10.0.0.0/8`, `192.168.1.20:554`, `127.0.0.1:18554-18599`, `[fd00::1]:554`. Throws for another form. */
export const parseNetworks = (entries: readonly string[]): Networks =>
  entries.flatMap((entry) => (entry === "private" ? PRIVATE : [entry]).map(parseOne));

const parseOne = (entry: string): Network => {
  const match = /^(?:\[([0-9a-f:]+)\]|([0-9a-f:.]+?))(?:\/(\d{1,3}))?(?::(\d{1,5})(?:-(\d{1,5}))?)?$/i.exec(entry);
  const address = match?.[1] ?? match?.[2] ?? "";
  const family = isIP(address);
  const prefix = Number(match?.[3] ?? (family === 6 ? 128 : 32));
  if (!match || family === 0 || prefix > (family === 6 ? 128 : 32)) {
    throw new Error(`camera_networks: “${entry}” is no network`);
  }
  const list = new BlockList();
  list.addSubnet(address, prefix, kindOf(address));
  const first = match[4] === undefined ? ALL_PORTS[0] : Number(match[4]);
  const last = match[4] === undefined ? ALL_PORTS[1] : Number(match[5] ?? match[4]);
  return { address, prefix, list, ports: [first, last] };
};

const kindOf = (address: string): "ipv4" | "ipv6" => (isIP(address) === 6 ? "ipv6" : "ipv4");
const special = [...SPECIAL, ...SPECIAL_6].map(parseOne);

/** `own`: the addresses of this machine. */
export const allows = (
  networks: Networks,
  address: string,
  port: number,
  own: readonly string[] = ownAddresses(),
): boolean => {
  const plain = plainAddress(address);
  const kind = kindOf(plain);
  const range = special.find(({ list }) => list.check(plain, kind));
  const names = (network: Network): boolean => {
    if (own.includes(plain) && !range) return network.address === plain && network.prefix >= 32;
    return !range || (network.prefix >= range.prefix && range.list.check(network.address, kindOf(network.address)));
  };
  return networks.some(
    (network) =>
      port >= network.ports[0] && port <= network.ports[1] && network.list.check(plain, kind) && names(network),
  );
};

/** IPv4 inside IPv6 (`::ffff:127.0.0.1`, `::ffff:7f00:1`) is the IPv4 address it leads to. */
const plainAddress = (address: string): string => {
  const bare = address.toLowerCase().replace(/%.*$/, "");
  const dotted = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(bare)?.[1];
  if (dotted !== undefined) return dotted;
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(bare) ?? [];
  if (high === undefined || low === undefined) return bare;
  const bytes = [high, low].flatMap((word) => [Number.parseInt(word, 16) >> 8, Number.parseInt(word, 16) & 0xff]);
  return bytes.join(".");
};

const ownAddresses = (): string[] =>
  Object.values(networkInterfaces()).flatMap((addresses) => (addresses ?? []).map(({ address }) => address));
