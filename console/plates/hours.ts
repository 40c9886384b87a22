/** Numbers of vehicles as a table shows them: an hour of all cameras is one row, the latest first. */
import type { VehicleCount } from "#functions/ai/contract.ts";
import { vehicleTypes, type VehicleType } from "#lib/wire/vehicles.ts";

export type Hour = { hour: string; total: number; types: Record<VehicleType, number> };

export const hoursOf = (counts: readonly VehicleCount[]): Hour[] => {
  const hours = new Map<string, Hour>();
  for (const { hour, total, types } of counts) {
    const known = hours.get(hour);
    hours.set(
      hour,
      known ? { hour, total: known.total + total, types: added(known.types, types) } : { hour, total, types },
    );
  }
  return [...hours.values()].toSorted((a, b) => b.hour.localeCompare(a.hour));
};

const added = (some: Hour["types"], others: Hour["types"]): Hour["types"] =>
  Object.fromEntries(vehicleTypes.map((type) => [type, some[type] + others[type]])) as Hour["types"];
