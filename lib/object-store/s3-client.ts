/** The AWS SDK's client, signing as we do everywhere: by our clock, and over the SHA-256 that is known already. */
import { S3Client, S3ServiceException } from "@aws-sdk/client-s3";
import { createHash } from "node:crypto";
import { AppError } from "#lib/errors.ts";
import type { S3Address, S3Credentials } from "./s3-address.ts";
import { s3Refusal, unreachable } from "./s3-errors.ts";
import { PATIENCE_MS, withTries, type S3Access } from "./s3-requests.ts";
import { signHeaders, UNSIGNED_PAYLOAD } from "./s3-signing.ts";

const CONNECT_MS = 5000;
const AGENT = { keepAlive: true, maxSockets: 50 };
const QUIET_MS = 3_600_000;

type SdkRequest = {
  method: string;
  protocol: string;
  hostname: string;
  port?: number;
  path: string;
  query?: Record<string, string | string[] | null>;
  headers: Record<string, string>;
  body?: unknown;
};

export const s3Client = (
  address: S3Address,
  clock: () => Date,
  patience_ms: number = PATIENCE_MS,
): { client: S3Client; access: S3Access } => {
  const client: S3Client = new S3Client({
    endpoint: address.endpoint.origin,
    region: address.region,
    forcePathStyle: address.path_style,
    // It would wait as long as a server wishes, and hold up whoever could do something else meanwhile.
    maxAttempts: 1,
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    // A clock that is wrong is told of, not worked around: the URLs that we sign carry its time too.
    disableClockSkewCorrection: true,
    requestHandler: {
      connectionTimeout: CONNECT_MS,
      socketTimeout: patience_ms,
      httpAgent: AGENT,
      httpsAgent: AGENT,
      // Retention deletes hundreds at once: that they take turns is no news.
      socketAcquisitionWarningTimeout: QUIET_MS,
    },
    ...(address.credentials ? { credentials: sdkCredentials(address.credentials) } : {}),
    signer: { sign: async (request: SdkRequest) => signed(access, request) } as never,
  });
  const credentials = async (): Promise<S3Credentials> => {
    const found = await client.config.credentials();
    return {
      access_key: found.accessKeyId,
      secret_key: found.secretAccessKey,
      ...(found.sessionToken === undefined ? {} : { session_token: found.sessionToken }),
    };
  };
  const access: S3Access = { address, credentials, clock, patience_ms };
  return { client, access };
};

const sdkCredentials = ({ access_key, secret_key }: S3Credentials) => ({
  accessKeyId: access_key,
  secretAccessKey: secret_key,
});

const signed = async ({ address, credentials, clock }: S3Access, request: SdkRequest): Promise<SdkRequest> => {
  const port = request.port === undefined ? "" : `:${request.port}`;
  const url = new URL(`${request.protocol}//${request.hostname}${port}${request.path}`);
  for (const [name, value] of Object.entries(request.query ?? {}))
    for (const one of [value ?? ""].flat()) url.searchParams.append(name, one);
  const all = Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  const headers = Object.fromEntries(all.filter(([name]) => isSigned(name)));
  const signer = { credentials: await credentials(), region: address.region, at: clock() };
  const own = await signHeaders(signer, { method: request.method, url, headers }, payloadHash(request));
  return Object.assign(request, { headers: { ...request.headers, ...own } });
};

/** Some servers want every one of Amazon's own; others are changed by proxies on the way. */
const isSigned = (name: string): boolean =>
  ["content-type", "content-md5", "if-none-match"].includes(name) ||
  (name.startsWith("x-amz-") && name !== "x-amz-content-sha256");

/** Hashed once: what is stored with a checksum is signed by it. */
const payloadHash = ({ headers, body }: SdkRequest): string => {
  const checksum = headers["x-amz-checksum-sha256"];
  if (body !== undefined && checksum !== undefined) return Buffer.from(checksum, "base64").toString("hex");
  if (body === undefined || typeof body === "string" || body instanceof Uint8Array)
    return createHash("sha256")
      .update(body ?? "")
      .digest("hex");
  return UNSIGNED_PAYLOAD;
};

/** Tries again what may succeed in a moment; throws our errors only. `tries`: more where much would be lost. */
export const ask = <R>(clock: () => Date, work: () => Promise<R>, tries?: number): Promise<R> =>
  withTries(
    () =>
      work().catch((error: unknown) => {
        throw ourError(error, clock());
      }),
    tries,
  );

const ourError = (error: unknown, now: Date): AppError => {
  if (error instanceof AppError) return error;
  if (!(error instanceof S3ServiceException) || error.$metadata.httpStatusCode === undefined) return unreachable(error);
  const headers = error.$response?.headers ?? {};
  return s3Refusal(
    {
      status: error.$metadata.httpStatusCode,
      code: error.name,
      date: headers["date"] ?? null,
      retry_after: headers["retry-after"] ?? null,
      cause: error,
    },
    now,
  );
};
