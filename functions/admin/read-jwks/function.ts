import { http } from "#lib/function/define.ts";
import { Empty, Jwks } from "../contract.ts";

export const readJwks = http({
  name: "read-jwks",
  summary: "The public keys that verify access tokens",
  http: { method: "GET", path: "/api/jwks", access: "anyone" },
  needs: ["keys"],
  input: Empty,
  output: Jwks,
  handle: (_input, { keys }) => keys.jwks(),
});
