/**
 * Open-loop load in a process of its own: each request has its instant, whether the one before has been answered or not, and
 * its time counts from that instant. Loopback only, at most `seconds`.
 */
import { Agent, request as ask } from "node:http";
import { plateOf, readIdOf, type City } from "./million-reads.ts";

export type Load = {
  port: number;
  rate: number;
  seconds: number;
  reads: { rows: number; days: number; newest_ms: number };
  /** Per city, in the order of its number: the operator's token and a camera's key. */
  cities: (City & { token: string; camera_key: string })[];
};
export type Measured = { kinds: Record<string, number[]>; refused: Record<string, number>; late: number };

type Asked = {
  kind: string;
  method: "GET" | "POST";
  path: string;
  city: number;
  body?: string;
  as: "operator" | "camera";
};

/** The same sequence for both servers. */
const randomFrom = (seed: number) => () => {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
  return seed / 2 ** 32;
};

const HITS = 0.3;

const plan = ({ reads, cities }: Load, random: () => number) => {
  const { rows } = reads;
  const below = (end: number): number => Math.floor(random() * end);
  const search = (): Asked => {
    const there = below(rows);
    const city = there % cities.length;
    const plate = plateOf(random() < HITS ? there : rows + below(rows));
    const kind = below(3);
    const typed = kind === 0 ? plate : kind === 1 ? `${plate.slice(0, 5)}*` : `${plate.slice(0, 4)}?${plate.slice(5)}`;
    const body = { cidade_ids: [cities[city]?.cidade_id], plate: typed, purpose: "stolen_vehicle" };
    const name = `search ${["exact", "prefix", "wildcard"][kind]}`;
    return { kind: name, method: "POST", path: "/api/plates/search", city, body: JSON.stringify(body), as: "operator" };
  };
  return (): Asked => {
    const which = random();
    if (which < 0.5) {
      const n = below(rows);
      return {
        kind: "by id",
        method: "GET",
        path: `/api/plates/${readIdOf(n, reads)}`,
        city: n % cities.length,
        as: "operator",
      };
    }
    const city = below(cities.length);
    if (which < 0.8) {
      const path = `/api/plates?cidade_id=${cities[city]?.cidade_id}`;
      return { kind: "list", method: "GET", path, city, as: "operator" };
    }
    if (which < 0.9) return search();
    const detected_at = new Date(Date.now() - below(1000)).toISOString();
    const body = JSON.stringify({ event_id: `${random()}`, plate: plateOf(below(rows)), confidence: 0.9, detected_at });
    return { kind: "insert", method: "POST", path: "/api/lpr/events", city, body, as: "camera" };
  };
};

export const runLoad = async (load: Load): Promise<Measured> => {
  const next = plan(load, randomFrom(load.reads.rows));
  const agent = new Agent({ keepAlive: true, maxSockets: 128 });
  const measured: Measured = { kinds: {}, refused: {}, late: 0 };
  const started = performance.now();
  const total = Math.round(load.rate * load.seconds);
  const under: Promise<void>[] = [];
  for (let sent = 0; sent < total;) {
    const due = Math.min(total, Math.floor(((performance.now() - started) / 1000) * load.rate));
    for (; sent < due; sent += 1) {
      const instant = started + (sent / load.rate) * 1000;
      if (performance.now() - instant > LATE_MS) measured.late += 1;
      under.push(one(load, agent, next(), instant, measured));
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(under);
  agent.destroy();
  return measured;
};
/** The generator itself is behind: what it then measures is itself. */
const LATE_MS = 20;

const one = (load: Load, agent: Agent, asked: Asked, instant: number, measured: Measured): Promise<void> =>
  new Promise((resolve) => {
    const { cidade_id = "", camera_ids = [], token = "", camera_key = "" } = load.cities[asked.city] ?? {};
    const headers: Record<string, string> = {
      authorization: `Bearer ${asked.as === "camera" ? camera_key : token}`,
      "x-city": cidade_id,
      "x-camera": camera_ids[0] ?? "",
      ...(asked.body === undefined
        ? {}
        : { "content-type": "application/json", "content-length": String(Buffer.byteLength(asked.body)) }),
    };
    const done = (outcome: string | null): void => {
      if (outcome === null) (measured.kinds[asked.kind] ??= []).push(performance.now() - instant);
      else measured.refused[outcome] = (measured.refused[outcome] ?? 0) + 1;
      resolve();
    };
    const { method, path } = asked;
    const request = ask({ host: "127.0.0.1", port: load.port, agent, method, path, headers }, (response) => {
      response.resume();
      response.on("end", () => done((response.statusCode ?? 0) < 300 ? null : `${asked.kind} ${response.statusCode}`));
    });
    request.on("error", (error) => done(`${asked.kind} ${error.message}`));
    request.end(asked.body);
  });

if (process.send) {
  process.once("message", (load) => {
    void runLoad(load as Load).then((measured) => {
      // Some 400 kB at full rate: a line that is closed at once takes what is still in it along.
      process.send?.(measured, () => process.disconnect());
    });
  });
}
