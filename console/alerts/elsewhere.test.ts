import { expect, test } from "vitest";
import type { Alert } from "#functions/ai/contract.ts";
import { createElsewhere } from "./elsewhere.ts";

const minute = (n: number): string => new Date(Date.UTC(2026, 2, 4, 12, n)).toISOString();
const alert = (id: string, cidade_id: string, at: number): Alert =>
  ({ id, cidade_id, created_at: minute(at) }) as Alert;

const scene = (lists: Record<string, Alert[] | Error>) => {
  const news: string[] = [];
  const asked: string[] = [];
  const elsewhere = createElsewhere();
  const ask = (): void =>
    elsewhere.ask({
      cities: Object.keys(lists),
      list: async (cidade_id) => {
        asked.push(cidade_id);
        const items = lists[cidade_id] ?? [];
        if (items instanceof Error) throw items;
        return items;
      },
      onNews: (alerts) => void news.push(...alerts.map(({ id }) => id)),
    });
  const settled = async (): Promise<void> => {
    for (let n = 0; n < 20; n++) await new Promise((resolve) => setImmediate(resolve));
  };
  return { news, asked, lists, ask, seen: elsewhere.seen, settled };
};

test("what was there when the page was opened is no news; what came while nothing was heard is, once", async () => {
  const { news, lists, ask, settled } = scene({ b: [alert("old", "b", 0)], c: [] });
  ask();
  await settled();
  expect(news).toEqual([]);
  lists["b"] = [alert("new", "b", 5), alert("old", "b", 0)];
  lists["c"] = [alert("first", "c", 5)];
  ask();
  ask();
  await settled();
  expect(news).toEqual(["new", "first"]);
});

test("what the socket has told is not told again", async () => {
  const { news, lists, ask, seen, settled } = scene({ b: [] });
  ask();
  await settled();
  seen(alert("told", "b", 3));
  lists["b"] = [alert("missed", "b", 4), alert("told", "b", 3)];
  ask();
  await settled();
  expect(news).toEqual(["missed"]);
});

test("a city that cannot be asked keeps the others from nothing, and is asked the next time", async () => {
  const { news, lists, ask, settled } = scene({ b: [], c: [] });
  ask();
  await settled();
  lists["b"] = new Error("away");
  lists["c"] = [alert("c1", "c", 5)];
  ask();
  await settled();
  lists["b"] = [alert("b1", "b", 5)];
  ask();
  await settled();
  expect(news).toEqual(["c1", "b1"]);
});
