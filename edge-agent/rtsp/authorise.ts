/** Answers to a camera's challenge: Basic (RFC 7617) and Digest (RFC 7616). */
import { authParts, digestResponse, type Credentials } from "#lib/media/rtsp.ts";

export const authorise = (
  challenge: string,
  credentials: Credentials,
  request: { method: string; uri: string },
  cnonce: string,
): string => {
  const { username, password } = credentials;
  if (/^basic/i.test(challenge)) return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  const parts = authParts(challenge);
  const fields: [string, string][] = [
    ["username", `"${username.replaceAll('"', '\\"')}"`],
    ["realm", `"${parts.get("realm") ?? ""}"`],
    ["nonce", `"${parts.get("nonce") ?? ""}"`],
    ["uri", `"${request.uri}"`],
    ["response", `"${digestResponse(credentials, request, parts, cnonce)}"`],
  ];
  const algorithm = parts.get("algorithm");
  if (algorithm !== undefined) fields.push(["algorithm", algorithm]);
  const opaque = parts.get("opaque");
  if (opaque !== undefined) fields.push(["opaque", `"${opaque}"`]);
  if (parts.has("qop")) fields.push(["qop", "auth"], ["nc", "00000001"], ["cnonce", `"${cnonce}"`]);
  return `Digest ${fields.map(([name, value]) => `${name}=${value}`).join(", ")}`;
};
