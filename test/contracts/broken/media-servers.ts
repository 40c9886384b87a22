import type { MediaServer } from "#lib/media-server/media-server.ts";
import { mapMedia, type MapMedia } from "../adapters/map-media.ts";
import type { MediaBench } from "../media-server.ts";
import type { Broken } from "../check.ts";

type Spoilt = Omit<Partial<MediaBench>, "server"> & { server?: Partial<MediaServer> };

const broken = (name: string, fails: string, spoil: (good: MapMedia) => Spoilt): Broken<MediaBench> => ({
  name,
  fails,
  make: async () => {
    const good = await mapMedia();
    const { server, ...around } = spoil(good);
    return { ...good, ...around, server: { ...good.server, ...server } };
  },
});

export const brokenMediaServers: readonly Broken<MediaBench>[] = [
  broken("lists where its pictures come from", "a camera's address never comes out again", ({ server, kept }) => ({
    server: {
      paths: async () => (await server.paths()).map((path) => ({ ...path, source: kept.get(path.name)?.source })),
    },
  })),
  broken(
    "dials at once",
    "a path that was added is listed, and its camera is left alone until somebody reads",
    ({ server, dial }) => ({
      server: {
        addPath: async (name, source) => {
          await server.addPath(name, source);
          await dial(name);
        },
      },
    }),
  ),
  broken("keeps the first source", "adding the same again changes nothing, another source takes its place", (good) => ({
    server: {
      addPath: async (name, source) => {
        if (!good.kept.has(name)) await good.server.addPath(name, source);
      },
    },
  })),
  broken(
    "takes a token for any path",
    "nobody reads without a token, with another path's, or with one that was changed",
    ({ describe, server }) => ({
      describe: async (url) =>
        url.includes("token=") ? describe(await server.readerUrl(new URL(url).pathname.slice(1))) : describe(url),
    }),
  ),
  broken(
    "lets in who cannot be asked about",
    "nobody reads while whoever is asked fails, sends elsewhere or says nothing",
    () => ({ mood: () => undefined }),
  ),
  broken(
    "forgets when it is killed",
    "after it was killed its paths are back, and readers are still asked for",
    (good) => ({
      kill: async () => good.kept.clear(),
    }),
  ),
];
