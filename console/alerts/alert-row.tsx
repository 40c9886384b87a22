import type { Alert } from "#functions/ai/contract.ts";
import { useNow } from "#console/live/use-now.ts";
import { useMessages } from "#console/messages/language.tsx";
import { Plate } from "#console/plates/plate.tsx";
import { useCity } from "#console/ui/city.tsx";
import { clockText, durationText } from "#console/ui/format.ts";
import { StateLink } from "#console/ui/state-link.tsx";
import { PriorityMark } from "./priority.tsx";
import { rowId } from "./use-queue.ts";

export const AlertRow = ({ alert, isChosen }: { alert: Alert; isChosen: boolean }) => {
  const m = useMessages();
  const now = useNow();
  const { city } = useCity();
  const isNew = alert.status === "new";
  return (
    <StateLink
      id={rowId(alert.id)}
      to="/alerts"
      search={(before) => ({ ...before, alert: alert.id })}
      replace
      className={`queue-row queue-row-${isNew ? alert.priority : "done"}`}
      current={isChosen ? "true" : undefined}
      data-testid="alert-row"
    >
      <Plate plate={alert.plate} />
      <PriorityMark priority={alert.priority} />
      <span className="dim small">{alert.read.camera_nome}</span>
      <span className="dim small nowrap">
        {clockText(m.locale, city.fuso_horario, Date.parse(alert.read.captured_at))}
        {isNew && now !== null ? ` · ${m.alerts.age(durationText(now - Date.parse(alert.created_at)))}` : ""}
      </span>
    </StateLink>
  );
};
