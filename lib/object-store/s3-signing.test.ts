import { expect, test } from "vitest";
import { signHeaders, signUrl, type Signer } from "./s3-signing.ts";
import { EMPTY_SHA256 } from "./s3-requests.ts";

/** The examples of Amazon's documentation of Signature Version 4 for S3. */
const signer: Signer = {
  credentials: { access_key: "AKIAIOSFODNN7EXAMPLE", secret_key: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" },
  region: "us-east-1",
  at: new Date("2013-05-24T00:00:00Z"),
};
const object = new URL("https://examplebucket.s3.amazonaws.com/test.txt");

test("a request is signed as Amazon's example says", async () => {
  const asked = { method: "GET", url: object, headers: { range: "bytes=0-9" } };
  const { authorization } = await signHeaders(signer, asked, EMPTY_SHA256);
  expect(authorization).toBe(
    "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, " +
      "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, " +
      "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
  );
});

test("a query is signed in the order of its names, with names that have no value", async () => {
  const url = new URL("https://examplebucket.s3.amazonaws.com/?prefix=J&max-keys=2");
  const list = await signHeaders(signer, { method: "GET", url, headers: {} }, EMPTY_SHA256);
  expect(list["authorization"]).toContain("34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
  const lifecycle = new URL("https://examplebucket.s3.amazonaws.com/?lifecycle");
  const rules = await signHeaders(signer, { method: "GET", url: lifecycle, headers: {} }, EMPTY_SHA256);
  expect(rules["authorization"]).toContain("fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
});

test("a URL is signed as Amazon's example says", async () => {
  const url = await signUrl(signer, { method: "GET", url: object, headers: {} }, 86_400);
  expect(new URL(url).searchParams.get("X-Amz-Signature")).toBe(
    "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
  );
});

test("a key that is lent for a time brings its token", async () => {
  const lent = { ...signer, credentials: { ...signer.credentials, session_token: "a/token" } };
  const headers = await signHeaders(lent, { method: "GET", url: object, headers: {} }, EMPTY_SHA256);
  expect(headers["x-amz-security-token"]).toBe("a/token");
  expect(headers["authorization"]).toContain("x-amz-security-token,");
  const url = await signUrl(lent, { method: "GET", url: object, headers: {} }, 60);
  expect(new URL(url).searchParams.get("X-Amz-Security-Token")).toBe("a/token");
});
