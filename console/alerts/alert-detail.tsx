/** One alert: what was seen, what was read and why it is listed, side by side. */
import { Link } from "@tanstack/react-router";
import { Check, Film } from "lucide-react";
import type { Alert } from "#functions/ai/contract.ts";
import { useNow } from "#console/live/use-now.ts";
import { useMessages } from "#console/messages/language.tsx";
import { Picture } from "#console/plates/picture.tsx";
import { Plate, nameOf, plateText } from "#console/plates/plate.tsx";
import { useMay, useSession } from "#console/session/session-context.tsx";
import { useCity } from "#console/ui/city.tsx";
import { durationText, momentText } from "#console/ui/format.ts";
import { Action } from "#console/ui/parts.tsx";
import { useStore } from "#console/ui/store.ts";
import { PriorityMark } from "./priority.tsx";

type Props = { alert: Alert; isBusy: boolean; onAcknowledge(): void };

export const AlertDetail = ({ alert, isBusy, onAcknowledge }: Props) => {
  const m = useMessages();
  const may = useMay();
  const { read } = alert;
  const name = nameOf(m.plates.unread, read);
  return (
    <section className="panel alert-detail" aria-labelledby="alert-title" data-testid="alert-detail">
      <header className="panel-head">
        <h2 id="alert-title">
          <Plate plate={alert.plate} />
        </h2>
        <PriorityMark priority={alert.priority} />
      </header>
      <div className="alert-sides">
        <div className="pictures">
          <Picture url={read.image_url} alt={m.plates.picture(name)} kind="scene" problem={read.image_problem} />
          <Picture
            url={read.plate_image_url}
            alt={m.plates.platePicture(name)}
            kind="plate"
            problem={read.image_problem}
          />
        </div>
        <div className="form">
          <Waiting alert={alert} />
          <div>
            <h3 className="field-label">{m.alerts.reason}</h3>
            <p className="alert-reason">{alert.reason}</p>
          </div>
          <Facts alert={alert} />
          <div className="actions">
            {alert.status === "new" && may("alerts.handle") ? (
              <Action kind="primary" isBusy={isBusy} onPress={onAcknowledge}>
                <Check size={16} aria-hidden="true" />
                {m.alerts.acknowledge}
              </Action>
            ) : null}
            {may("recordings.view") ? (
              <Link
                to="/cameras/$cameraId"
                params={{ cameraId: read.camera_id }}
                search={{ at: read.captured_at }}
                className="action action-plain"
              >
                <Film size={16} aria-hidden="true" />
                {m.plates.recording}
              </Link>
            ) : null}
          </div>
        </div>
      </div>
    </section>
  );
};

const Waiting = ({ alert }: { alert: Alert }) => {
  const m = useMessages();
  const now = useNow();
  const { city } = useCity();
  const state = useStore(useSession().store.state);
  if (alert.acknowledged_at !== null) {
    const when = momentText(m.locale, city.fuso_horario, Date.parse(alert.acknowledged_at));
    const isOwn = state.kind === "in" && state.session.user.id === alert.acknowledged_by;
    return <p>{isOwn ? m.alerts.byYou(when) : m.alerts.acknowledged(when)}</p>;
  }
  return (
    <p>
      <span className="field-label">{m.alerts.waits}</span>
      <br />
      <span className="alert-age">{now === null ? "–" : durationText(now - Date.parse(alert.created_at))}</span>
    </p>
  );
};

const Facts = ({ alert }: { alert: Alert }) => {
  const m = useMessages();
  const { city } = useCity();
  const { read } = alert;
  return (
    <dl className="facts">
      <dt>{m.alerts.list}</dt>
      <dd>
        {alert.watchlist_nome}
        {alert.entry_plate === alert.plate ? null : (
          <div className="dim">{m.alerts.entry(plateText(alert.entry_plate))}</div>
        )}
      </dd>
      <dt>{m.alerts.at}</dt>
      <dd>{momentText(m.locale, city.fuso_horario, Date.parse(read.captured_at))}</dd>
      <dt>{m.plates.camera}</dt>
      <dd>{read.camera_nome}</dd>
      <dt>{m.plates.certainty}</dt>
      <dd>{read.confidence === null ? m.plates.noCertainty : `${Math.round(read.confidence * 100)} %`}</dd>
      {read.plate !== null && read.plate !== alert.plate ? (
        <>
          <dt>{m.plates.asRead}</dt>
          <dd>{plateText(read.plate)}</dd>
        </>
      ) : null}
    </dl>
  );
};
