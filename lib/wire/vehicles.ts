/** Words for vehicles that frames, counts and the console have in common. */

/** The client's five; what cannot be told is `unknown`. */
export const vehicleTypes = ["car", "motorcycle", "truck", "bus", "unknown"] as const;
export type VehicleType = (typeof vehicleTypes)[number];
