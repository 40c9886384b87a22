import { http } from "#lib/function/define.ts";
import { decodeCursor, pageOf } from "#lib/lists/cursor.ts";
import { Page } from "#lib/wire/lists.ts";
import { cityOf, listCityRows } from "../cities.ts";
import { CityList } from "../contract.ts";

export const listCities = http({
  name: "list-cities",
  summary: "The cities in which the caller holds a role, by name",
  http: { method: "GET", path: "/api/cities", access: "session" },
  needs: ["sql", "keys"],
  input: Page,
  output: CityList,
  async handle({ limit, cursor }, { sql, keys, caller }) {
    const after = await decodeCursor(keys, "cities", {}, cursor);
    const rows = await listCityRows(sql, caller.cities, after, limit);
    return pageOf(keys, { name: "cities", filters: {}, limit }, rows, ({ nome, id }) => [nome, id], cityOf);
  },
});
