/** The media host in a worker: a page that is busy for a moment neither loses nor delays a picture. */
import { createMediaHost } from "./media-host.ts";
import type { FromMediaHost, ToMediaHost } from "./media-messages.ts";

const host = createMediaHost(
  (message: FromMediaHost, transfer: Transferable[] = []) => postMessage(message, { transfer }),
  (source) => {
    // Only in a worker a MediaSource has one; TypeScript's page library does not know it.
    const { handle } = source as MediaSource & { handle: MediaSourceHandle };
    return { source: handle, transfer: [handle as unknown as Transferable] };
  },
);
addEventListener("message", ({ data }: MessageEvent<ToMediaHost>) => host.receive(data));
