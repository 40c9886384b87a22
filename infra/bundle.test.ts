import { expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { bundle } from "./bundle.ts";
import { deployablesOf } from "./deployables.ts";

const natives = ["sharp", "onnxruntime-node"];

test("only the image that looks into pictures carries what is native to do so, and is apart from what people wait for", async () => {
  const asking = [];
  for (const { name, image, functions } of deployablesOf(catalogue)) {
    const { packages } = await bundle(functions, "process");
    if (packages.some((one) => natives.includes(one)))
      asking.push([name, image, functions.map((one) => one.definition.name)]);
  }
  expect(asking).toEqual([["vision", "vision", ["keep-last-frame", "read-plates"]]]);
});
