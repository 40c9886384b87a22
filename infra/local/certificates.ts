/** A certificate authority of this installation's own, for listening beyond loopback. Made on request only. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { networkInterfaces, hostname } from "node:os";
import { join } from "node:path";
// x509 needs it loaded first.
import "reflect-metadata";
import * as x509 from "@peculiar/x509";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const DAY_MS = 86_400_000;
/** Browsers refuse leaf certificates that live longer than 398 days. */
const LEAF_DAYS = 397;
const RENEW_BEFORE_DAYS = 30;
const AUTHORITY_DAYS = 3650;

export type Certificate = { cert: string; key: string; authority_file: string | null };

export const ownCertificate = (cert_file: string, key_file: string): Certificate => ({
  cert: readFileSync(cert_file, "utf8"),
  key: readFileSync(key_file, "utf8"),
  authority_file: null,
});

export const localCertificate = async (secrets: string, listen: string): Promise<Certificate> => {
  const folder = join(secrets, "tls");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const authority_file = join(folder, "authority.pem");
  const files = {
    cert: join(folder, "server.pem"),
    key: join(folder, "server.key.pem"),
    names: join(folder, "names.json"),
  };
  const names = JSON.stringify(namesOf(listen));
  const current = existsSync(files.names) && readFileSync(files.names, "utf8") === names && isFresh(files.cert);
  if (!current) {
    const authority = await readAuthority(folder, authority_file);
    const leaf = await makeLeaf(authority, listen);
    writeFileSync(files.key, leaf.key, { mode: 0o600 });
    writeFileSync(files.cert, leaf.cert, { mode: 0o600 });
    writeFileSync(files.names, names, { mode: 0o600 });
  }
  return { cert: readFileSync(files.cert, "utf8"), key: readFileSync(files.key, "utf8"), authority_file };
};

const namesOf = (listen: string): x509.JsonGeneralNames => {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address));
  const all = new Set([listen, "127.0.0.1", "::1", ...addresses.filter((address) => !address.startsWith("fe80"))]);
  return [
    { type: "dns", value: "localhost" },
    { type: "dns", value: hostname() },
    ...[...all].map((value) => ({ type: "ip" as const, value })),
  ];
};

const isFresh = (file: string): boolean =>
  existsSync(file) &&
  new x509.X509Certificate(readFileSync(file, "utf8")).notAfter.getTime() - Date.now() > RENEW_BEFORE_DAYS * DAY_MS;

type Authority = { certificate: x509.X509Certificate; privateKey: CryptoKey };

const readAuthority = async (folder: string, cert_file: string): Promise<Authority> => {
  const key_file = join(folder, "authority.key.pem");
  if (existsSync(cert_file) && existsSync(key_file)) {
    const der = x509.PemConverter.decodeFirst(readFileSync(key_file, "utf8"));
    const privateKey = await crypto.subtle.importKey("pkcs8", der, algorithm, true, ["sign"]);
    return { certificate: new x509.X509Certificate(readFileSync(cert_file, "utf8")), privateKey };
  }
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=GT-Vision local authority ${hostname()}`,
    notBefore: new Date(Date.now() - DAY_MS),
    notAfter: new Date(Date.now() + AUTHORITY_DAYS * DAY_MS),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    ],
  });
  writeFileSync(key_file, await pem(keys.privateKey), { mode: 0o600 });
  writeFileSync(cert_file, certificate.toString("pem"), { mode: 0o644 });
  return { certificate, privateKey: keys.privateKey };
};

const makeLeaf = async (authority: Authority, listen: string): Promise<{ cert: string; key: string }> => {
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.create({
    subject: `CN=${hostname()}`,
    issuer: authority.certificate.subject,
    notBefore: new Date(Date.now() - DAY_MS),
    notAfter: new Date(Date.now() + LEAF_DAYS * DAY_MS),
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey: authority.privateKey,
    extensions: [
      new x509.SubjectAlternativeNameExtension(namesOf(listen)),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
    ],
  });
  return { cert: certificate.toString("pem"), key: await pem(keys.privateKey) };
};

const pem = async (key: CryptoKey): Promise<string> =>
  x509.PemConverter.encode(await crypto.subtle.exportKey("pkcs8", key), x509.PemConverter.PrivateKeyTag);
