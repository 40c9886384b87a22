/** A passage at a glance: the plate close up, what was read, when and where. */
import { Link } from "@tanstack/react-router";
import type { PlateRead } from "#functions/ai/contract.ts";
import { useMessages } from "#console/messages/language.tsx";
import { useCity } from "#console/ui/city.tsx";
import { clockText, dayText, momentText } from "#console/ui/format.ts";
import { Mark } from "#console/ui/mark.tsx";
import { Picture } from "./picture.tsx";
import { Plate, nameOf, plateNow } from "./plate.tsx";

/** Below this a read is looked at before it is believed. */
const DOUBTFUL = 0.8;

export const ReadCard = ({ read, withDay = false }: { read: PlateRead; withDay?: boolean }) => {
  const m = useMessages();
  const { city, cities } = useCity();
  const of = cities.find(({ id }) => id === read.cidade_id) ?? city;
  const at = Date.parse(read.captured_at);
  const name = nameOf(m.plates.unread, read);
  return (
    <li className="read" data-testid="plate-read" data-plate={plateNow(read) ?? ""}>
      <Link
        to="/plates"
        search={(before) => ({ ...before, read: read.id })}
        className="read-link"
        aria-label={m.plates.openRead(name, momentText(m.locale, of.fuso_horario, at))}
        resetScroll={false}
      >
        <Picture url={read.image_url} alt={m.plates.picture(name)} kind="scene" problem={read.image_problem} />
        {read.plate_image_url ? (
          <span className="read-close">
            <Picture url={read.plate_image_url} alt={m.plates.platePicture(name)} kind="plate" />
          </span>
        ) : null}
      </Link>
      <div className="read-head">
        <Plate plate={plateNow(read)} />
        <time dateTime={read.captured_at}>
          {withDay ? `${dayText(m.locale, of.fuso_horario, at)} ` : ""}
          {clockText(m.locale, of.fuso_horario, at)}
        </time>
      </div>
      <p className="read-foot">
        <span className="dim">
          {read.camera_nome}
          {of.id === city.id ? "" : ` · ${of.nome}`}
        </span>
        <Standing read={read} />
      </p>
    </li>
  );
};

/** What somebody has said about it, or that somebody should look at it. */
const Standing = ({ read }: { read: PlateRead }) => {
  const m = useMessages();
  if (read.correction !== null) return <span className="dim">{m.plates.corrected}</span>;
  const percent = read.confidence === null ? null : m.plates.confidence(Math.round(read.confidence * 100));
  if (read.needs_review) {
    return <Mark kind="attention">{percent === null ? m.plates.toReview : `${m.plates.toReview} · ${percent}`}</Mark>;
  }
  const isDoubtful = read.confidence !== null && read.confidence < DOUBTFUL;
  return isDoubtful ? <Mark kind="attention">{percent}</Mark> : null;
};
