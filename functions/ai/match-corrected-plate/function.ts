import { queue } from "#lib/function/define.ts";
import { LprCorrected } from "../contract.ts";
import { raiseAlerts } from "../matches.ts";

export const matchCorrectedPlate = queue({
  name: "match-corrected-plate",
  summary: "Raises the alerts that a corrected read meets, but for those that its passage has raised already",
  queue: { event: LprCorrected, parallel: 4 },
  needs: ["sql", "outbox", "clock", "ids"],
  handle: raiseAlerts,
});
