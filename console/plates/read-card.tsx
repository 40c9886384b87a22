/** A passage at a glance: the plate close up, what was read, when and where. */
import { Link } from "@tanstack/react-router";
import type { PlateRead } from "#functions/ai/contract.ts";
import { useMessages } from "#console/messages/language.tsx";
import { useCity } from "#console/ui/city.tsx";
import { clockText, dayText, momentText } from "#console/ui/format.ts";
import { Mark } from "#console/ui/mark.tsx";
import { Picture } from "./picture.tsx";
import { Plate, nameOf } from "./plate.tsx";

/** Below this a read is looked at before it is believed. */
const DOUBTFUL = 0.8;

export const ReadCard = ({ read, withDay = false }: { read: PlateRead; withDay?: boolean }) => {
  const m = useMessages();
  const { city, cities } = useCity();
  const of = cities.find(({ id }) => id === read.cidade_id) ?? city;
  const at = Date.parse(read.captured_at);
  const name = nameOf(m.plates.unread, read);
  const isDoubtful = read.confidence !== null && read.confidence < DOUBTFUL;
  return (
    <li className="read" data-testid="plate-read" data-plate={read.plate ?? ""}>
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
        <Plate plate={read.plate} />
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
        {isDoubtful ? (
          <Mark kind="attention">{m.plates.confidence(Math.round((read.confidence ?? 0) * 100))}</Mark>
        ) : null}
      </p>
    </li>
  );
};
