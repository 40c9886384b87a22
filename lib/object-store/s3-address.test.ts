import { expect, test } from "vitest";
import { objectOrigins, objectUrl, s3Address } from "./s3-address.ts";

test("one line says where, as whom, in which buckets, and where browsers ask", () => {
  const address = s3Address(
    "s3:http://key:s%2Fcret@minio.internal:9000/gt-?region=sa-east-1&public=https://objects.example.org",
  );
  expect({ ...address, endpoint: address.endpoint.href, public_endpoint: address.public_endpoint.href }).toEqual({
    endpoint: "http://minio.internal:9000/",
    public_endpoint: "https://objects.example.org/",
    region: "sa-east-1",
    bucket_prefix: "gt-",
    path_style: true,
    credentials: { access_key: "key", secret_key: "s/cret" },
  });
  expect(objectUrl(address, address.endpoint, "clips", "a/b.mp4").href).toBe(
    "http://minio.internal:9000/gt-clips/a/b.mp4",
  );
});

test("Amazon's own address says the region, and each bucket is a host", () => {
  const address = s3Address("s3:https://s3.sa-east-1.amazonaws.com/prefeitura-");
  expect([address.region, address.path_style, address.credentials]).toEqual(["sa-east-1", false, null]);
  expect(objectUrl(address, address.endpoint, "clips", "a").href).toBe(
    "https://prefeitura-clips.s3.sa-east-1.amazonaws.com/a",
  );
});

test.each([
  ["s3:", "there must be an http: or https: address"],
  ["s3:ftp://example.org", "there must be an http: or https: address"],
  ["s3:https://key@example.org", "without its other half"],
  ["s3:https://example.org/UPPER", "beginning of a bucket's name"],
  ["s3:https://example.org/a/b", "beginning of a bucket's name"],
  ["s3:https://example.org/?regoin=x", "no option regoin"],
  ["s3:https://example.org/?path_style=yes", "true or false"],
  ["s3:https://example.org/?public=x", "public is no address"],
])("%s is refused with the reason", (url, reason) => {
  expect(() => s3Address(url)).toThrow(reason);
});

test("a folder's objects come from where the console comes", () => {
  expect(objectOrigins("file:./data/objects")).toEqual([]);
});
