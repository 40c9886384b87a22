import { AppError } from "#lib/errors.ts";
import type { MediaServer } from "#lib/media-server/media-server.ts";
import { mediamtxServer, type MediamtxOptions } from "#lib/media-server/mediamtx.ts";

/** `url` is `MEDIA_URL`; its scheme chooses the adapter. */
export const connectMedia = async (url: string, options: MediamtxOptions = {}): Promise<MediaServer> => {
  const scheme = url.slice(0, url.indexOf(":") + 1);
  if (scheme === "http:" || scheme === "https:") return mediamtxServer(url, options);
  throw new AppError("internal", "MEDIA_URL has an unknown scheme; there are: http:<control API of MediaMTX>, https:");
};
