import { http } from "#lib/function/define.ts";
import { checkZone, cityOf, insertCity } from "../cities.ts";
import { City, NewCity } from "../contract.ts";

export const createCity = http({
  name: "create-city",
  summary: "Makes a city with its retention plan",
  http: { method: "POST", path: "/api/cities", access: { permission: "cities.manage", cities: "all" }, status: 201 },
  needs: ["sql", "clock", "ids", "audit"],
  audited: true,
  input: NewCity,
  output: City,
  async handle(input, { sql, clock, ids, audit }): Promise<City> {
    checkZone(input.fuso_horario);
    const row = await insertCity(sql, { id: ids(), ...input }, clock());
    audit.note({ object_type: "city", object_id: row.id, cidade_id: row.id, details: input });
    return cityOf(row);
  },
});
