/** The reads of one passage, each with its own certainty: they are shown side by side and never made into one. */
import { Link } from "@tanstack/react-router";
import type { PlateReadDetails } from "#functions/ai/contract.ts";
import { useMessages } from "#console/messages/language.tsx";
import { useCity } from "#console/ui/city.tsx";
import { clockText } from "#console/ui/format.ts";
import { Plate, plateText } from "./plate.tsx";

export const Sources = ({ of }: { of: PlateReadDetails }) => {
  const m = useMessages();
  const { city, cities } = useCity();
  const zone = (cities.find(({ id }) => id === of.cidade_id) ?? city).fuso_horario;
  return (
    <section aria-labelledby="sources-title" data-testid="sources">
      <h3 id="sources-title">{m.plates.sources.title}</h3>
      <ul className="sources">
        {of.sources.map((source) => {
          const at = clockText(m.locale, zone, Date.parse(source.captured_at));
          const certainty =
            source.confidence === null ? m.plates.noCertainty : `${Math.round(source.confidence * 100)} %`;
          return (
            <li key={source.id}>
              <Plate plate={source.plate} />
              <span>
                {source.id === of.id ? (
                  `${m.plates.sources.of[source.source]} (${m.plates.sources.this})`
                ) : (
                  <Link
                    to="/plates"
                    search={(before) => ({ ...before, read: source.id })}
                    aria-label={`${m.plates.sources.of[source.source]}: ${source.plate === null ? m.plates.unread : plateText(source.plate)}`}
                  >
                    {m.plates.sources.of[source.source]}
                  </Link>
                )}
              </span>
              <span className="dim">
                {certainty} · <time dateTime={source.captured_at}>{at}</time>
              </span>
            </li>
          );
        })}
      </ul>
    </section>
  );
};
