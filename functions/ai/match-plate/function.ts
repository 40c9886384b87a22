import { queue } from "#lib/function/define.ts";
import { LprDetected } from "../contract.ts";
import { raiseAlerts } from "../matches.ts";

export const matchPlate = queue({
  name: "match-plate",
  summary: "Raises an alert for each watchlist entry that a plate read meets, in either layout",
  queue: { event: LprDetected, parallel: 4 },
  needs: ["sql", "outbox", "clock", "ids"],
  handle: raiseAlerts,
});
