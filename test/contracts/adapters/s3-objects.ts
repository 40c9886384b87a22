/** The S3 adapter over buckets of its own on a real server. */
import { prepareObjects } from "#infra/s3/buckets.ts";
import { uuidv7 } from "#lib/ids.ts";
import { connectObjects } from "#lib/object-store/connect.ts";
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

export const s3Bench = async (server: S3Server): Promise<ObjectBench> => {
  const { store, open } = await s3Objects(server);
  const opened = [store];
  const another = async (more: S3StoreOptions = {}) => {
    const one = await open(more);
    opened.push(one);
    return one;
  };
  return {
    store,
    restart: () => another(),
    earlier: (ms) => another({ clock: () => new Date(Date.now() - ms) }),
    ask: (url, init) => fetch(url, init),
    close: async () => void (await Promise.all(opened.map((one) => one.close()))),
  };
};
