/** New alerts over whatever is on the screen. A critical one stays until it is acknowledged or put away. */
import { useEffect, useState } from "react";
import { Link, useRouterState } from "@tanstack/react-router";
import { X } from "lucide-react";
import type { Alert } from "#functions/ai/contract.ts";
import { useMessages } from "#console/messages/language.tsx";
import { useCity } from "#console/ui/city.tsx";
import { clockText } from "#console/ui/format.ts";
import { IconAction } from "#console/ui/parts.tsx";
import { PriorityMark } from "./priority.tsx";

const SHOWN = 3;
const CALM_MS = 12_000;

export const Toasts = ({ news }: { news: readonly Alert[] }) => {
  const m = useMessages();
  const [away, setAway] = useState<ReadonlySet<string>>(new Set());
  // On their own page they stand already.
  const isOnPage = useRouterState({ select: ({ location }) => location.pathname === "/alerts" });
  const open = isOnPage ? [] : news.filter(({ id }) => !away.has(id));
  const latest = news[0];
  return (
    <>
      <p className="hidden-label" aria-live="assertive" data-testid="alert-said">
        {latest ? m.alerts.announce(latest.plate, m.alerts.priorities[latest.priority]) : ""}
      </p>
      {open.length === 0 ? null : (
        <section className="toasts" aria-label={m.alerts.newTab}>
          {open.slice(0, SHOWN).map((alert) => (
            <Toast key={alert.id} alert={alert} onClose={() => setAway((before) => new Set(before).add(alert.id))} />
          ))}
          {open.length > SHOWN ? (
            <Link to="/alerts" className="toast-more">
              {m.alerts.more(open.length - SHOWN)}
            </Link>
          ) : null}
        </section>
      )}
    </>
  );
};

const Toast = ({ alert, onClose }: { alert: Alert; onClose(): void }) => {
  const m = useMessages();
  const { city, cities } = useCity();
  const of = cities.find(({ id }) => id === alert.cidade_id);
  const isCalm = alert.priority !== "critical";
  useEffect(() => {
    if (!isCalm) return;
    const timer = setTimeout(onClose, CALM_MS);
    return () => clearTimeout(timer);
    // The clock of a toast begins once, however often its page is drawn.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [isCalm]);
  return (
    <article className={`toast toast-${alert.priority}`} data-testid="toast">
      {alert.read.plate_image_url ? <img src={alert.read.plate_image_url} alt="" /> : null}
      <div>
        <p className="toast-head">
          <PriorityMark priority={alert.priority} />
          <span className="plate">{alert.plate}</span>
        </p>
        <p>{alert.reason}</p>
        <p className="dim small">
          {alert.read.camera_nome} ·{" "}
          {clockText(m.locale, of?.fuso_horario ?? city.fuso_horario, Date.parse(alert.read.captured_at))}
          {of && of.id !== city.id ? ` · ${of.nome}` : ""}
        </p>
        <Link to="/alerts" search={{ city: alert.cidade_id, alert: alert.id }}>
          {m.alerts.see}
        </Link>
      </div>
      <IconAction label={m.common.close} onPress={onClose}>
        <X size={16} />
      </IconAction>
    </article>
  );
};
