/** The S3 adapter over buckets of its own on a real server. */
import { prepareObjects } from "#infra/s3/buckets.ts";
import { uuidv7 } from "#lib/ids.ts";
import { connectObjects } from "#lib/object-store/connect.ts";
import type { ObjectStore } from "#lib/object-store/object-store.ts";
import type { S3StoreOptions } from "#lib/object-store/s3.ts";
import type { ObjectBench } from "../object-store.ts";
import { fakeKeys } from "./fake-keys.ts";

export type S3Server = { url: string; access_key: string; secret_key: string };

/** `OBJECTS_URL` with a beginning of buckets' names that nobody else has. */
export const s3Url = ({ url, access_key, secret_key }: S3Server, own: string = ownPrefix()): string => {
  const address = new URL(url);
  address.username = access_key;
  address.password = secret_key;
  address.pathname = own;
  return `s3:${address.href}`;
};
export const ownPrefix = (): string => `t${uuidv7().replaceAll("-", "").slice(-16)}-`;

/** With its buckets made. */
export const s3Objects = async (server: S3Server, options: S3StoreOptions = {}) => {
  const url = s3Url(server);
  await prepareObjects(url, { public_url: null, most_days: {} });
  const open = (more: S3StoreOptions = {}) => connectObjects(url, { keys: fakeKeys, ...options, ...more });
  return { url, store: await open(), open };
};

/** Buckets are made once for all checks, which is most of a check's time, and emptied after each. */
export const s3Benches = (server: () => S3Server): (() => Promise<ObjectBench>) => {
  let prepared: Promise<string> | null = null;
  const prepare = async (): Promise<string> => {
    const url = s3Url(server());
    await prepareObjects(url, { public_url: null, most_days: {} });
    return url;
  };
  return async () => {
    const url = await (prepared ??= prepare());
    const opened: ObjectStore[] = [];
    const open = async (more: S3StoreOptions = {}) => {
      const one = await connectObjects(url, { keys: fakeKeys, ...more });
      opened.push(one);
      return one;
    };
    const store = await open();
    return {
      store,
      restart: () => open(),
      earlier: (ms) => open({ clock: () => new Date(Date.now() - ms) }),
      ask: (address, init) => fetch(address, init),
      close: async () => {
        for (const bucket of ["recordings", "clips"] as const)
          for (const { key } of await store.list(bucket, "")) await store.delete(bucket, key);
        for (const one of opened) await one.close();
      },
    };
  };
};
