import { expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { deployablesOf } from "#infra/deployables.ts";
import { addressesOf } from "./addresses.ts";
import { planOf } from "./plan.ts";

const deployables = deployablesOf(catalogue);

test.each([
  ["http://functions:8080/", "http://functions:8080"],
  ["http://gateway:8080/function/{deployable}", "http://gateway:8080/function/streaming-media"],
  ["http://gateway:8080/function/{deployable}.gt-vision", "http://gateway:8080/function/streaming-media.gt-vision"],
  ["https://{deployable}.gt-vision.example.org", "https://streaming-media.gt-vision.example.org"],
])("%s leads to each function by the name of what it is deployed as", (template, address) => {
  expect(addressesOf(template, deployables)("streaming.cut-clip")).toBe(address);
});

test("every function that the connector calls has an address", () => {
  const baseOf = addressesOf("http://{deployable}:8080", deployables);
  const { queues, schedules, frames } = planOf(catalogue);
  const names = [...queues.map(({ name }) => name), ...[...schedules, ...frames].map((one) => one.function)];
  for (const name of names) expect(baseOf(name)).toMatch(/^http:\/\/[a-z-]+:8080$/);
});

test.each(["functions:8080", "ftp://functions", "http://{function}", "http://functions/?x={deployable}"])(
  "%s is refused at the start",
  (template) => {
    expect(() => addressesOf(template, deployables)).toThrow("FUNCTIONS_URL");
  },
);
