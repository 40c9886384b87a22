/** `node test/bench/alert.ts [--count 200]`: from a camera's post to the alert on an open console's socket, one at a time. */
import { once } from "node:events";
import { parseArgs } from "node:util";
import WebSocket from "ws";
import type { ToConsole } from "#lib/wire/console.ts";
import { makePlateCamera, plateOf } from "#test/harness/plate-client.ts";
import { removeData, signIn, startSystem, type Api, type RunningSystem } from "#test/harness/system.ts";

const GOAL_MS = 300;
const WARM_UP = 20;
const LONGEST_MS = 15_000;

const { values } = parseArgs({ options: { count: { type: "string", default: "200" } } });

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

const system = await startSystem({ args: ["--no-demo"] });
try {
  const api = await signIn(system);
  const { cidade_id, key } = await makePlateCamera(api, "Rua medida");
  const plates = Array.from({ length: Number(values.count) + WARM_UP }, (_, number) => plateOf(number));
  await watch(api, cidade_id, plates);
  const alerts = await alertsOn(api, system);
  const taken: number[] = [];
  for (const plate of plates) {
    const heard = alerts.next(plate);
    const began = performance.now();
    const headers = { "content-type": "application/json", authorization: `Bearer ${key}` };
    const body = JSON.stringify({ plate, confidence: 0.9, detected_at: new Date().toISOString() });
    const posted = await fetch(`${system.url}/api/lpr/events`, { method: "POST", headers, body });
    if (posted.status !== 202) throw new Error(`the post was answered ${posted.status}`);
    taken.push((await heard) - began);
  }
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
