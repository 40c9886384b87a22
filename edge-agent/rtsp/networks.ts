/** Which addresses and ports an agent may dial. Checked on the resolved address of every connection, before anything leaves. */
import { BlockList, isIP } from "node:net";

export type Networks = readonly { list: BlockList; ports: readonly [number, number] }[];

const PRIVATE = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"];
const ALL_PORTS = [1, 65_535] as const;

/** Entries: `private`, `10.0.0.0/8`, `192.168.1.20:554`, `127.0.0.1:18554-18599`, `[fd00::1]:554`. Throws for another form. */
export const parseNetworks = (entries: readonly string[]): Networks =>
  entries.flatMap((entry) => (entry === "private" ? PRIVATE : [entry]).map(parseOne));

const parseOne = (entry: string): Networks[number] => {
  const match = /^(?:\[([0-9a-f:]+)\]|([0-9a-f:.]+?))(?:\/(\d{1,3}))?(?::(\d{1,5})(?:-(\d{1,5}))?)?$/i.exec(entry);
  const address = match?.[1] ?? match?.[2] ?? "";
  const family = isIP(address);
  if (!match || family === 0) throw new Error(`camera_networks: “${entry}” is no network`);
  const kind = family === 6 ? "ipv6" : "ipv4";
  const list = new BlockList();
  list.addSubnet(address, Number(match[3] ?? (family === 6 ? 128 : 32)), kind);
  const first = match[4] === undefined ? ALL_PORTS[0] : Number(match[4]);
  const last = match[4] === undefined ? ALL_PORTS[1] : Number(match[5] ?? match[4]);
  return { list, ports: [first, last] };
};

/** Never to itself or to the link by accident: those must be named, they are in no range but their own. */
export const allows = (networks: Networks, address: string, port: number): boolean => {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, "");
  const kind = isIP(plain) === 6 ? "ipv6" : "ipv4";
  return networks.some(({ list, ports }) => port >= ports[0] && port <= ports[1] && list.check(plain, kind));
};
