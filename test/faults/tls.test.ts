/** Servers behind TLS: who is vouched for by an authority that the process knows is spoken to, and nobody else. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { join } from "node:path";
import { createServer as createTlsServer, TLSSocket } from "node:tls";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { localCertificate, type Certificate } from "#infra/local/certificates.ts";
import { topologyOf } from "#lib/broker/rabbitmq/topology.ts";
import { s3Objects } from "#test/contracts/adapters/s3-objects.ts";
import { temporaryFolder } from "#test/harness/servers/process.ts";
import { isMissing, present, serverFor, titled } from "#test/harness/servers/use.ts";
import { testVhost } from "#test/harness/servers/vhost.ts";
import { queueOfTls } from "./tls-queue.ts";

const folder = temporaryFolder("tls");
const closes: (() => Promise<unknown> | void)[] = [folder.remove];
afterAll(async () => {
  for (const close of closes.toReversed()) await close();
});
let certificate: Certificate;
beforeAll(async () => {
  certificate = await localCertificate(folder.path, "127.0.0.1");
});

const plumb = (from: Socket, to: Socket): void => {
  for (const [one, other] of [
    [from, to],
    [to, from],
  ] as const) {
    one.pipe(other);
    one.on("error", () => other.destroy());
    one.on("close", () => other.destroy());
  }
};

const listening = async (server: ReturnType<typeof createServer>): Promise<number> => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closes.push(() => void server.close());
  return (server.address() as AddressInfo).port;
};

/** TLS from the first byte, as AMQPS, rediss and HTTPS have it. */
const behindTls = (url: string): Promise<number> => {
  const { hostname, port } = new URL(url);
  const { cert, key } = certificate;
  return listening(createTlsServer({ cert, key }, (socket) => plumb(socket, connect(Number(port), hostname))));
};

/** PostgreSQL's way: eight bytes ask for TLS, `S` agrees. */
const behindPostgresTls = (url: string): Promise<number> => {
  const { hostname, port } = new URL(url);
  const { cert, key } = certificate;
  const accept = (socket: Socket): void => {
    socket.on("error", () => undefined);
    socket.once("data", () => {
      socket.write("S");
      plumb(new TLSSocket(socket, { isServer: true, cert, key }), connect(Number(port), hostname));
    });
  };
  return listening(createServer(accept));
};

/** What the child says: `went`, or what was wrong. */
const trip = async (port: string, url: string, knowsAuthority: boolean): Promise<string> => {
  const env = { ...process.env, ...(knowsAuthority ? { NODE_EXTRA_CA_CERTS: certificate.authority_file ?? "" } : {}) };
  const child = spawn(process.execPath, [join(import.meta.dirname, "tls-child.ts"), port, url], { env });
  const [said] = await Promise.all([text(child.stdout), once(child, "close")]);
  return said.trim();
};

/** The certificate is for `localhost`. */
const through = (url: string, scheme: string, port: number): string =>
  url.replace(/^\w+:/, `${scheme}:`).replace(new URL(url).host, `localhost:${port}`);

const rabbitmq = await serverFor("rabbitmq");
const redis = await serverFor("redis");
const minio = await serverFor("minio");

const whoIsTrusted = (port: string, urlBehindTls: () => Promise<string>): void => {
  test(`${port}: a server whose authority is known is spoken to, one that nobody vouches for is not`, async () => {
    const url = await urlBehindTls();
    const [known, unknown] = await Promise.all([trip(port, url, true), trip(port, url, false)]);
    expect([known, /certificate|self.signed|unable to verify/i.test(unknown), unknown]).toEqual([
      "went",
      true,
      unknown,
    ]);
  });
};

describe.skipIf(isMissing(rabbitmq))(titled("over TLS", "rabbitmq", rabbitmq), () => {
  whoIsTrusted("broker", async () => {
    const vhost = await testVhost(present(rabbitmq), topologyOf([queueOfTls]));
    closes.push(vhost.remove);
    return through(vhost.url, "amqps", await behindTls(vhost.url));
  });
});

describe.skipIf(isMissing(redis))(titled("over TLS", "redis", redis), () => {
  whoIsTrusted("cache", async () => through(present(redis).url, "rediss", await behindTls(present(redis).url)));
});

describe.skipIf(isMissing(minio))(titled("over TLS", "minio", minio), () => {
  whoIsTrusted("objects", async () => {
    const { url, store } = await s3Objects(present(minio));
    await store.close();
    const plain = url.slice("s3:".length);
    return `s3:${through(plain, "https", await behindTls(plain))}`;
  });
});

describe("over TLS", () => {
  whoIsTrusted("database", async () => {
    const plain = inject("superuser_url");
    const url = new URL(plain);
    Object.assign(url, { hostname: "localhost", port: String(await behindPostgresTls(plain)) });
    url.searchParams.set("sslmode", "verify-full");
    return url.href;
  });
});
