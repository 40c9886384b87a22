import { Link } from "@tanstack/react-router";
import type { Alert } from "#functions/ai/contract.ts";
import { useNow } from "#console/live/use-now.ts";
import { useMessages } from "#console/messages/language.tsx";
import { Plate } from "#console/plates/plate.tsx";
import { useCity } from "#console/ui/city.tsx";
import { clockText, durationText } from "#console/ui/format.ts";
import { PriorityMark } from "./priority.tsx";

export const rowId = (id: string): string => `alert-${id}`;

export const AlertRow = ({ alert, isChosen }: { alert: Alert; isChosen: boolean }) => {
  const m = useMessages();
  const now = useNow();
  const { city } = useCity();
  const isNew = alert.status === "new";
  return (
    <Link
      id={rowId(alert.id)}
      to="/alerts"
      search={(before) => ({ ...before, alert: alert.id })}
      replace
      activeProps={{}}
      activeOptions={{ exact: true }}
      className={`queue-row queue-row-${isNew ? alert.priority : "done"}`}
      aria-current={isChosen ? "true" : undefined}
      data-testid="alert-row"
    >
      <Plate plate={alert.plate} />
      <PriorityMark priority={alert.priority} />
      <span className="dim small">{alert.read.camera_nome}</span>
      <span className="dim small nowrap">
        {clockText(m.locale, city.fuso_horario, Date.parse(alert.read.captured_at))}
        {isNew && now !== null ? ` · ${m.alerts.age(durationText(now - Date.parse(alert.created_at)))}` : ""}
      </span>
    </Link>
  );
};
