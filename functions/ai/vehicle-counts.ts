/** Vehicles per hour and camera, counted from reads: a passage is one, however many sources saw it. */
import type { TransactionSql } from "#lib/db/connect.ts";
import { AppError } from "#lib/errors.ts";
import { vehicleTypes, type VehicleType } from "#lib/wire/vehicles.ts";
import type { VehicleCount } from "./contract.ts";

const HOUR_MS = 3_600_000;
const [ONE_CAMERA_MS, ALL_CAMERAS_MS] = [31 * 24 * HOUR_MS, 24 * HOUR_MS];

export type Window = { from: Date; to: Date };

/** Throws `invalid` when the window is empty or longer than one answer holds. */
export const countWindow = (
  { from, to, camera_id }: { from?: string | undefined; to?: string | undefined; camera_id?: string | undefined },
  now: Date,
): Window => {
  const end = to === undefined ? now : new Date(to);
  const start = from === undefined ? new Date(end.getTime() - 24 * HOUR_MS) : new Date(from);
  const most = camera_id === undefined ? ALL_CAMERAS_MS : ONE_CAMERA_MS;
  const length = end.getTime() - start.getTime();
  if (length <= 0) throw new AppError("invalid", "The window ends before it begins", { reason: "window.empty" });
  if (length > most)
    throw new AppError("invalid", "The window is too long", {
      reason: "window.too_long",
      params: { seconds: most / 1000 },
    });
  return { from: start, to: end };
};

/** Cameras have words of their own. What is not among them is `unknown`: nobody guesses what a maker meant. */
const words: Readonly<Record<string, VehicleType>> = {
  ...Object.fromEntries(vehicleTypes.map((type) => [type, type])),
  ...Object.fromEntries(
    ["carro", "automovel", "automóvel", "sedan", "hatch", "suv", "pickup", "van"].map((word) => [word, "car"]),
  ),
  ...Object.fromEntries(["moto", "motocicleta", "motorbike"].map((word) => [word, "motorcycle"])),
  caminhao: "truck",
  caminhão: "truck",
  onibus: "bus",
  ônibus: "bus",
};

export const typeOfWord = (word: string | null): VehicleType => words[word?.trim().toLowerCase() ?? ""] ?? "unknown";

type Row = { camera_id: string; camera_nome: string; hour: Date; type: string | null; count: number };

/**
 * A passage is in the hour of its first read, and has the type of the read that knows one; a camera's own word comes before what a
 * frame was measured to be.
 */
export const countVehiclesOf = async (
  sql: TransactionSql,
  { cidade_id, camera_id }: { cidade_id: string; camera_id?: string | undefined },
  { from, to }: Window,
): Promise<VehicleCount[]> => {
  const rows = await sql<Row[]>`
    select p.camera_id, c.nome as camera_nome, p.hour, p.type, count(*)::int as count from (
      select camera_id, date_trunc('hour', min(captured_at), 'UTC') as hour,
        (array_agg(lower(vehicle->>'type') order by coalesce(vehicle->>'type', 'unknown') = 'unknown', source))[1] as type
      from lpr_events
      where cidade_id = ${cidade_id} and captured_at >= ${from} and captured_at < ${to}
        ${camera_id === undefined ? sql`` : sql`and camera_id = ${camera_id}`}
      group by camera_id, sighting_id
    ) p join camera_directory c on c.cidade_id = ${cidade_id} and c.camera_id = p.camera_id
    group by p.camera_id, c.nome, p.hour, p.type
    order by p.hour, c.nome, p.camera_id`;
  return joined(rows);
};

/** Words of one type are one number. */
const joined = (rows: readonly Row[]): VehicleCount[] => {
  const counts = new Map<string, VehicleCount>();
  for (const { camera_id, camera_nome, hour, type, count } of rows) {
    const key = `${hour.toISOString()} ${camera_id}`;
    const known = counts.get(key) ?? { camera_id, camera_nome, hour: hour.toISOString(), total: 0, types: none() };
    const name = typeOfWord(type);
    const types = { ...known.types, [name]: known.types[name] + count };
    counts.set(key, { ...known, total: known.total + count, types });
  }
  return [...counts.values()];
};

const none = (): Record<VehicleType, number> => ({ car: 0, motorcycle: 0, truck: 0, bus: 0, unknown: 0 });
