/** Between the page and the media host, which runs in a worker where the browser can, else in the page itself. */
import type { FromConsole, ToConsole } from "#lib/wire/console.ts";

export type ToMediaHost =
  | { type: "connect"; url: string }
  | { type: "disconnect" }
  | { type: "say"; message: FromConsole }
  /** Nobody looks at this channel any more: its buffers go. */
  | { type: "forget"; channel: number };

export type FromMediaHost =
  | { type: "opened" }
  /** 0: the host itself has failed. */
  | { type: "closed"; code: number }
  | { type: "said"; message: ToConsole }
  /** A new stream begins on the channel; the page shows `source`. */
  | { type: "source"; channel: number; source: MediaSource | MediaSourceHandle }
  /** Where a picture will be found in the player's own time. */
  | { type: "frame"; channel: number; media_seconds: number; captured_at_ms: number }
  /** `player`: the browser gave the stream up; a new subscription begins it again. */
  | { type: "fault"; channel: number; fault: "undecodable" | "player" };

export type PostToPage = (message: FromMediaHost, transfer?: Transferable[]) => void;
