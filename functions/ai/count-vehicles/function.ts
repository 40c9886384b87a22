import { http } from "#lib/function/define.ts";
import { VehicleCountQuery, VehicleCounts } from "../contract.ts";
import { countVehiclesOf, countWindow } from "../vehicle-counts.ts";

export const countVehicles = http({
  name: "count-vehicles",
  summary: "Vehicles per hour and camera, by type",
  http: { method: "GET", path: "/api/vehicle-counts", access: { permission: "plates.view", cities: "callers" } },
  needs: ["sql", "clock"],
  input: VehicleCountQuery,
  output: VehicleCounts,
  async handle(query, { sql, clock }) {
    const window = countWindow(query, clock());
    const items = await countVehiclesOf(sql, query, window);
    return { from: window.from.toISOString(), to: window.to.toISOString(), items };
  },
});
