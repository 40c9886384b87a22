import { expect, test } from "vitest";
import { createRefresher } from "./refresher.ts";

/** Answers when it is told to. */
const listsAsked = () => {
  const asked: { key: string; answer(): void }[] = [];
  const refresh = createRefresher(
    (key) =>
      new Promise((resolve) => {
        asked.push({ key, answer: resolve });
      }),
  );
  return { asked, refresh, settled: () => new Promise((resolve) => setImmediate(resolve)) };
};

test("what is said while a list is being asked leads to one more asking, however often it was said", async () => {
  const { asked, refresh, settled } = listsAsked();
  refresh("plates");
  for (let count = 0; count < 5; count++) refresh("plates");
  expect(asked).toHaveLength(1);
  asked[0]?.answer();
  await settled();
  expect(asked).toHaveLength(2);
  asked[1]?.answer();
  await settled();
  expect(asked).toHaveLength(2);
  refresh("plates");
  expect(asked).toHaveLength(3);
});

test("one list does not wait for another", () => {
  const { asked, refresh } = listsAsked();
  refresh("plates");
  refresh("alerts");
  expect(asked.map(({ key }) => key)).toEqual(["plates", "alerts"]);
});
