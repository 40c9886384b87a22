/**
 * `node test/bench/alert.ts [--count 200] [--beside 200] [--stuck]`: from a camera's post to the alert on an open console's
 * socket, one at a time; `--beside`: each right after so many reads at once of another camera; `--stuck`: and somebody holds up
 * what is written of that other camera.
 */
import { once } from "node:events";
import { parseArgs } from "node:util";
import WebSocket from "ws";
import type { ToConsole } from "#lib/wire/console.ts";
import { lookInside } from "#test/harness/look-inside.ts";
import { makePlateCamera, plateOf } from "#test/harness/plate-client.ts";
import { removeData, signIn, startSystem, type Api, type RunningSystem } from "#test/harness/system.ts";

const GOAL_MS = 300;
const LONGEST_MS = 120_000;

const { values } = parseArgs({
  options: {
    count: { type: "string", default: "200" },
    beside: { type: "string", default: "0" },
    stuck: { type: "boolean", default: false },
  },
});
const WARM_UP = Number(values.beside) > 0 ? 1 : 20;

/** Answers when the next alert about `plate` arrives. */
const alertsOn = async (api: Api, system: RunningSystem) => {
  const { body } = await api<{ ticket: string }>("POST", "/api/sessions/socket-ticket", {});
  const origin = system.url;
  const socket = new WebSocket(`${origin.replace("http", "ws")}/console/socket?ticket=${body.ticket}`, { origin });
  await once(socket, "open");
  const waiting = new Map<string, (at: number) => void>();
  socket.on("message", (data: Buffer, isBinary) => {
    if (isBinary) return;
    const message = JSON.parse(data.toString()) as ToConsole;
    if (message.type !== "notification" || message.event !== "alert.triggered") return;
    waiting.get(String(message.data["plate"]))?.(performance.now());
  });
  return {
    next: (plate: string): Promise<number> =>
      new Promise((resolve, reject) => {
        const late = setTimeout(() => reject(new Error(`no alert about ${plate}`)), LONGEST_MS);
        waiting.set(plate, (at) => {
          clearTimeout(late);
          resolve(at);
        });
      }),
    close: () => socket.close(),
  };
};

const watch = async (api: Api, cidade_id: string, plates: readonly string[]): Promise<void> => {
  const list = await api<{ id: string }>("POST", "/api/watchlists", {
    cidade_id,
    nome: "Medida",
    priority: "critical",
  });
  const expires_at = new Date(Date.now() + 86_400_000).toISOString();
  for (const plate of plates) {
    const entry = { cidade_id, watchlist_id: list.body.id, plate, reason: "medida", expires_at };
    await api("POST", "/api/watchlist-entries", entry);
  }
};

const post = (system: RunningSystem, key: string, plate: string): Promise<Response> => {
  const headers = { "content-type": "application/json", authorization: `Bearer ${key}` };
  const body = JSON.stringify({ plate, confidence: 0.9, detected_at: new Date().toISOString() });
  return fetch(`${system.url}/api/lpr/events`, { method: "POST", headers, body });
};

/** Reads of one camera at once; taken in when it resolves, not looked at. */
const burst = async (system: RunningSystem, key: string, size: number): Promise<void> => {
  await Promise.all(Array.from({ length: size }, (_, number) => post(system, key, plateOf(number))));
};

/** As when somebody is slow in the middle of writing what this camera saw. Answers how to let go. */
const holdUp = (system: RunningSystem, camera_id: string): (() => Promise<void>) => {
  const over = Promise.withResolvers<void>();
  const held = lookInside(system, (sql) =>
    sql.begin(async (tx) => {
      await tx`select pg_advisory_xact_lock(hashtextextended(${`passages ${camera_id}`}, 0))`;
      await over.promise;
    }),
  );
  return async () => {
    over.resolve();
    await held;
  };
};

const system = await startSystem({ args: ["--no-demo"] });
try {
  const api = await signIn(system);
  const { cidade_id, key } = await makePlateCamera(api, "Rua medida");
  const plates = Array.from({ length: Number(values.count) + WARM_UP }, (_, number) => plateOf(number));
  await watch(api, cidade_id, plates);
  const alerts = await alertsOn(api, system);
  const other = await makePlateCamera(api, "Rua cheia");
  const letGo = values.stuck ? holdUp(system, other.camera_id) : null;
  const taken: number[] = [];
  for (const plate of plates) {
    await burst(system, other.key, Number(values.beside));
    const heard = alerts.next(plate);
    const began = performance.now();
    const posted = await post(system, key, plate);
    if (posted.status !== 202) throw new Error(`the post was answered ${posted.status}`);
    taken.push((await heard) - began);
  }
  await letGo?.();
  alerts.close();
  const sorted = taken.slice(WARM_UP).toSorted((a, b) => a - b);
  const part = (share: number): string => (sorted[Math.ceil(sorted.length * share) - 1] ?? 0).toFixed(1);
  console.log(
    `post → alert on the socket, ${sorted.length} times: p50 ${part(0.5)} ms, p95 ${part(0.95)} ms, p99 ${part(0.99)} ms (goal p95 ${GOAL_MS} ms)`,
  );
} finally {
  await system.stop();
  removeData(system);
}
