import { http } from "#lib/function/define.ts";
import { cityOf, findCity } from "../cities.ts";
import { ById, City } from "../contract.ts";

export const readCity = http({
  name: "read-city",
  summary: "One city",
  http: { method: "GET", path: "/api/cities/{id}", access: "session" },
  needs: ["sql"],
  input: ById,
  output: City,
  handle: async ({ id }, { sql }): Promise<City> => cityOf(await findCity(sql, id)),
});
