/** A plate camera that never gives up: what was not acknowledged is posted again, as cameras do. */
import type { Api, RunningSystem } from "./system.ts";

export type PlateClient = {
  /** Event ids that were answered with 202, in the order of the answers. */
  acknowledged: string[];
  /** How often each other answer, or none at all (`0`), was met. */
  refusals: Map<number, number>;
  /** Refusals of 503 that did not say when to come again. */
  without_retry_after: number;
  /** Posts until `count` events are acknowledged in all. */
  post(count: number): Promise<void>;
  stop(): void;
};

const AT_ONCE = 6;
const AGAIN_MS = 50;
const POST_MS = 15_000;

export const plateClient = (system: Pick<RunningSystem, "url">, key: string): PlateClient => {
  const client = {
    acknowledged: [] as string[],
    refusals: new Map<number, number>(),
    without_retry_after: 0,
    post,
    stop: () => void (stopped = true),
  };
  let stopped = false;
  let next = 0;
  const send = async (number: number): Promise<void> => {
    const body = JSON.stringify({
      event_id: `read-${number}`,
      plate: plateOf(number),
      confidence: 0.9,
      detected_at: new Date().toISOString(),
    });
    while (!stopped) {
      const answer = await postOnce(`${system.url}/api/lpr/events`, key, body);
      if (answer?.status === 202) {
        client.acknowledged.push(`read-${number}`);
        return;
      }
      const status = answer?.status ?? 0;
      client.refusals.set(status, (client.refusals.get(status) ?? 0) + 1);
      if (status === 503 && !answer?.headers.get("retry-after")) client.without_retry_after += 1;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  };
  async function post(count: number): Promise<void> {
    const line = async (): Promise<void> => {
      while (!stopped && next < count) {
        const number = next;
        next += 1;
        await send(number);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, line));
  }
  return client;
};

const postOnce = async (url: string, key: string, body: string): Promise<Response | null> => {
  try {
    const headers = { "content-type": "application/json", authorization: `Bearer ${key}` };
    const response = await fetch(url, { method: "POST", headers, body, signal: AbortSignal.timeout(POST_MS) });
    await response.arrayBuffer();
    return response;
  } catch {
    return null;
  }
};

/** A different Mercosul plate for each number. */
export const plateOf = (number: number): string => {
  const digits = String(number % 1000).padStart(3, "0");
  return `GTV${digits[0]}${String.fromCharCode(65 + (Math.floor(number / 1000) % 26))}${digits.slice(1)}`;
};

/** A camera with a key of its own in the first city; `url_rtsp` null: it only posts. */
export const makePlateCamera = async (api: Api, nome: string, url_rtsp: string | null = null) => {
  const cities = await api<{ items: { id: string }[] }>("GET", "/api/cities");
  const cidade_id = cities.body.items[0]?.id ?? "";
  const agents = await api<{ items: { id: string }[] }>("GET", `/api/agents?cidade_id=${cidade_id}`);
  const made = await api<{ id: string }>("POST", "/api/cameras", {
    cidade_id,
    nome,
    ...(url_rtsp === null ? {} : { url_rtsp, agent_id: agents.body.items[0]?.id }),
  });
  const camera_id = made.body.id;
  const { body } = await api<{ key: string }>("POST", `/api/cameras/${camera_id}/keys`, {});
  if (!body.key) throw new Error(`no camera key: ${JSON.stringify([made.body, body])}`);
  return { cidade_id, camera_id, key: body.key };
};
