/** Where the media host runs: in a worker where it can show a MediaSource from there, else in this page. */
import { createMediaHost } from "./media-host.ts";
import type { FromMediaHost, ToMediaHost } from "./media-messages.ts";

export type RunningHost = { send(message: ToMediaHost): void; close(): void };

export const startMediaHost = (receive: (message: FromMediaHost) => void): RunningHost => {
  const address = document.querySelector<HTMLMetaElement>('meta[name="gt-worker"]')?.content;
  return address && canUseWorker() ? inWorker(address, receive) : inPage(receive);
};

const canUseWorker = (): boolean =>
  "MediaSource" in globalThis &&
  (MediaSource as typeof MediaSource & { canConstructInDedicatedWorker?: boolean }).canConstructInDedicatedWorker ===
    true;

const inWorker = (address: string, receive: (message: FromMediaHost) => void): RunningHost => {
  const worker = new Worker(address, { type: "module" });
  worker.addEventListener("message", ({ data }: MessageEvent<FromMediaHost>) => receive(data));
  worker.addEventListener("error", () => receive({ type: "closed", code: 0 }));
  return { send: (message) => worker.postMessage(message), close: () => worker.terminate() };
};

const inPage = (receive: (message: FromMediaHost) => void): RunningHost => {
  const host = createMediaHost(receive, (source) => ({ source, transfer: [] }));
  return { send: (message) => host.receive(message), close: () => host.receive({ type: "disconnect" }) };
};
