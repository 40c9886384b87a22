/**
 * The relay that FFmpeg and viewers read from. Beside MediaMTX it is MediaMTX, alone it is the agent's own loopback relay.
 * A camera's address goes in and never comes out again.
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
  removePath(name: string): Promise<void>;
  paths(): Promise<MediaPath[]>;
  /** Where FFmpeg may read this path once; on loopback, without credentials. */
  readerUrl(name: string): Promise<string>;
  close(): Promise<void>;
};
