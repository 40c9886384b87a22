import { http } from "#lib/function/define.ts";
import { mustMatch } from "#lib/function/if-match.ts";
import { checkZone, cityOf, findCity, updateCityRow } from "../cities.ts";
import { City, CityChange, CityStoragePlanChanged } from "../contract.ts";

export const updateCity = http({
  name: "update-city",
  summary: "Changes a city; a new plan holds from now on",
  http: { method: "PATCH", path: "/api/cities/{id}", access: { permission: "cities.manage", cities: "callers" } },
  needs: ["sql", "outbox", "clock", "audit"],
  audited: true,
  input: CityChange,
  output: City,
  async handle({ id, ...change }, { sql, outbox, clock, audit, if_match }): Promise<City> {
    if (change.fuso_horario !== undefined) checkZone(change.fuso_horario);
    const before = await findCity(sql, id, true);
    mustMatch(before.version, if_match);
    const row = await updateCityRow(sql, id, change, clock());
    if (row.plano_retencao_dias !== before.plano_retencao_dias) {
      await outbox.add(CityStoragePlanChanged, {
        cidade_id: id,
        old_days: before.plano_retencao_dias,
        new_days: row.plano_retencao_dias,
      });
    }
    audit.note({ object_type: "city", object_id: id, cidade_id: id, details: change });
    return cityOf(row);
  },
});
