/**
 * The relay that FFmpeg and viewers read from where there is a MediaMTX. Without one an agent hands pictures on by itself
 * (docs/adr/0023-mediamtx-is-put-right.md says why that is no adapter of this port).
 *
 * Promises of every adapter (`test/contracts/media-server.test.ts`):
 * - A camera's address goes in and never comes out again, neither in a list nor in an error.
 * - A camera is dialled when somebody reads its path, and not before.
 * - Nobody reads a path without a token for it.
 * - What the server forgets or somebody changes is put right by itself: after its restart, too.
 * - Names match `[a-z0-9][a-z0-9-]{7,63}`, sources are `rtsp:`, `rtsps:`, `rtmp:` or `rtmps:`; anything else throws `malformed`.
 */
export type MediaPath = {
  name: string;
  ready: boolean;
  ready_since: Date | null;
  bytes_received: number;
  readers: number;
};

export type MediaServer = {
  /** Idempotent: a path with the same name and source is left alone, with another source it is replaced. */
  addPath(name: string, source_url: string): Promise<void>;
  /** Of what is not there succeeds. */
  removePath(name: string): Promise<void>;
  /** Every path that is there, also those of who went before. */
  paths(): Promise<MediaPath[]>;
  /** Where FFmpeg may read this path, soon and once; on loopback, with nothing in it but a short token for this path. */
  readerUrl(name: string): Promise<string>;
  close(): Promise<void>;
};
