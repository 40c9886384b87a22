import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Validator } from "@seriousme/openapi-schema-validator";
import { expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { camel } from "#lib/function/derive/names.ts";
import { functionsOf } from "#lib/function/needs.ts";
import { derivedFiles, staleFiles } from "./derive.ts";

type Operation = { operationId: string; responses: Record<string, unknown> };
type Document = { openapi: string; paths: Record<string, Record<string, Operation>> };

test("what follows from the catalogue has been written anew: `npm run derive`", async () => {
  expect(await staleFiles()).toEqual([]);
  expect((await derivedFiles()).length).toBeGreaterThan(5);
});

test("the OpenAPI document is valid 3.1 and knows every HTTP function", async () => {
  const document = JSON.parse(readFileSync(join(import.meta.dirname, "../docs/openapi.json"), "utf8")) as Document;
  const { valid, errors } = await new Validator().validate(structuredClone(document));
  expect(errors ?? []).toEqual([]);
  expect(valid).toBe(true);
  expect(document.openapi).toMatch(/^3\.1\./);
  const known = Object.values(document.paths).flatMap((methods) =>
    Object.values(methods).map((one) => one.operationId),
  );
  const http = functionsOf(catalogue).flatMap(({ definition }) =>
    "http" in definition ? [camel(definition.name)] : [],
  );
  expect(known.toSorted()).toEqual(http.toSorted());
});

test("the validator sees a document that is not one", async () => {
  const { valid } = await new Validator().validate({
    openapi: "3.1.0",
    info: { title: "x" },
    paths: { "no-slash": {} },
  });
  expect(valid).toBe(false);
});
