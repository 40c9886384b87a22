import type { ObjectStore } from "#lib/object-store/object-store.ts";
import { mapObjects, type Kept } from "../adapters/map-objects.ts";
import type { ObjectBench } from "../object-store.ts";
import { handClock, type Broken } from "../check.ts";

type Spoilt = Partial<ObjectStore> & { ask?: ObjectBench["ask"]; restart?: ObjectBench["restart"] };

const broken = (
  name: string,
  fails: string,
  spoil: (good: ReturnType<typeof mapObjects>, kept: Kept) => Spoilt,
): Broken<ObjectBench> => ({
  name,
  fails,
  make: async () => {
    const clock = handClock();
    const kept: Kept = new Map();
    const good = mapObjects(kept, () => clock.now().getTime());
    const { ask, restart, ...methods } = spoil(good, kept);
    const store = { ...good.store, ...methods };
    return {
      store,
      ask: ask ?? good.ask,
      restart: restart ?? (async () => store),
      earlier: good.earlier,
      close: store.close,
    };
  },
});

export const brokenObjectStores: readonly Broken<ObjectBench>[] = [
  broken(
    "overwrites",
    "the same bytes again are a success, others are a conflict and change nothing",
    ({ store }, kept) => ({
      put: async (bucket, key, bytes, options) => {
        kept.delete(`${bucket}:${key}`);
        return store.put(bucket, key, bytes, options);
      },
    }),
  ),
  broken("shows half objects", "nobody sees half an object", ({ store }, kept) => ({
    put: async (bucket, key, bytes, options) => {
      if (bytes instanceof Uint8Array) return store.put(bucket, key, bytes, options);
      const parts: Uint8Array[] = [];
      for await (const part of bytes) {
        parts.push(part);
        kept.delete(`${bucket}:${key}`);
        await store.put(bucket, key, Buffer.concat(parts), options);
      }
      return store.put(bucket, key, Buffer.concat(parts), options);
    },
  })),
  broken("believes the checksum", "bytes without the promised checksum are refused and not kept", ({ store }) => ({
    put: (bucket, key, bytes, { content_type }) => store.put(bucket, key, bytes, { content_type }),
  })),
  broken("forgets at a restart", "everything acknowledged is there after a restart", () => ({
    restart: async () => mapObjects(new Map(), Date.now).store,
  })),
  broken(
    "lists in the order of arrival",
    "a list is ascending, knows prefixes and goes on behind the last key",
    (_, kept) => ({
      list: async (bucket, prefix, after = "") =>
        [...kept]
          .map(([at, { bytes }]) => ({ at, key: at.slice(bucket.length + 1), bytes: bytes.length }))
          .filter(({ at, key }) => at.startsWith(`${bucket}:${prefix}`) && key > after)
          .map(({ key, bytes }) => ({ key, bytes })),
    }),
  ),
  broken("looks only at the path", "a signed URL with anything changed in it is refused", ({ store, ask }) => {
    const pathOf = (url: string): string => new URL(url, "http://store").pathname;
    const issued = new Map<string, string>();
    return {
      signedGet: async (bucket, key, how) => {
        const signed = await store.signedGet(bucket, key, how);
        issued.set(pathOf(signed.url), signed.url);
        return signed;
      },
      ask: (url, init) => ask(issued.get(pathOf(url)) ?? url, init),
    };
  }),
  broken("lets a link write over", "a signed upload never replaces what is there", ({ ask }, kept) => ({
    ask: (url, init) => {
      if (init?.method === "PUT") kept.clear();
      return ask(url, init);
    },
  })),
  broken("lets any key through", "a key outside the alphabet is refused", ({ store }) => ({
    get: async (bucket, key) => store.get(bucket, key.replaceAll(/[^a-z]/g, "") || "x"),
  })),
];
