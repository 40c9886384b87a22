/** All that is known of one passage. Opening it is written into the audit trail. */
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { Film } from "lucide-react";
import type { PlateRead, PlateReadDetails } from "#functions/ai/contract.ts";
import { useMessages } from "#console/messages/language.tsx";
import type { Messages } from "#console/messages/pt-br.ts";
import { useAsk, useMay } from "#console/session/session-context.tsx";
import { useCity } from "#console/ui/city.tsx";
import { momentText } from "#console/ui/format.ts";
import { Mark } from "#console/ui/mark.tsx";
import { Sheet } from "#console/ui/parts.tsx";
import { Answer } from "#console/ui/states.tsx";
import { Picture } from "./picture.tsx";
import { CorrectForm, Corrections } from "./corrections.tsx";
import { Plate, nameOf, plateNow, plateText } from "./plate.tsx";
import { Positions } from "./positions.tsx";
import { Sources } from "./sources.tsx";

export const ReadSheet = () => {
  const m = useMessages();
  const ask = useAsk();
  const navigate = useNavigate();
  const { read: id } = useSearch({ strict: false }) as { read?: string };
  const read = useQuery({
    queryKey: ["plate-read", id],
    queryFn: ({ signal }) => ask("read-plate", { id: id ?? "" }, { signal }),
    enabled: id !== undefined,
    // Once for each time it is opened: every answer is an entry of the audit trail.
    staleTime: 8 * 60_000,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
  const close = (): void =>
    void navigate({ to: "/plates", search: (before) => ({ ...before, read: undefined }), resetScroll: false });
  const title = m.plates.details(read.data ? nameOf(m.plates.unread, read.data) : "…");
  return (
    <Sheet title={title} isOpen={id !== undefined} onClose={close} wide>
      <Answer of={read}>{(found) => <Details read={found} />}</Answer>
    </Sheet>
  );
};

const Details = ({ read }: { read: PlateReadDetails }) => {
  const m = useMessages();
  const may = useMay();
  const name = nameOf(m.plates.unread, read);
  return (
    <div className="alert-sides" data-testid="read-details">
      <div className="pictures">
        <Picture url={read.image_url} alt={m.plates.picture(name)} kind="scene" problem={read.image_problem} />
        <Picture
          url={read.plate_image_url}
          alt={m.plates.platePicture(name)}
          kind="plate"
          problem={read.image_problem}
        />
        {read.reading ? <Positions positions={read.reading.positions} /> : null}
      </div>
      <div className="form">
        <p className="read-plate">
          <Plate plate={plateNow(read)} />
          {read.needs_review ? <Mark kind="attention">{m.plates.toReview}</Mark> : null}
        </p>
        <Facts read={read} />
        <div className="actions">
          {may("recordings.view") ? (
            <Link
              to="/cameras/$cameraId"
              params={{ cameraId: read.camera_id }}
              search={{ city: read.cidade_id, at: read.captured_at }}
              className="action action-primary"
            >
              <Film size={16} aria-hidden="true" />
              {m.plates.recording}
            </Link>
          ) : null}
        </div>
        {read.sources.length > 1 ? <Sources of={read} /> : null}
        <Corrections read={read} />
        {may("plates.correct") ? <CorrectForm key={read.id} read={read} /> : null}
      </div>
    </div>
  );
};

const Facts = ({ read }: { read: PlateReadDetails }) => {
  const m = useMessages();
  const { city, cities } = useCity();
  const zone = (cities.find(({ id }) => id === read.cidade_id) ?? city).fuso_horario;
  const moment = (text: string): string => momentText(m.locale, zone, Date.parse(text));
  const rows: [string, string | null][] = [
    [m.plates.readAt, moment(read.captured_at)],
    [m.plates.camera, read.camera_nome],
    [m.plates.corrected, correctedText(m, read)],
    [m.plates.certainty, read.confidence === null ? m.plates.noCertainty : `${Math.round(read.confidence * 100)} %`],
    [m.plates.asRead, read.plate_raw !== null && read.plate_raw !== read.plate ? read.plate_raw : null],
    [m.plates.layout, read.layout === null ? null : m.plates.layouts[read.layout]],
    [m.plates.direction, read.direction === null ? null : m.plates.directions[read.direction]],
    [m.plates.vehicle, vehicleText(m, read)],
    [m.plates.alternatives, alternativesText(read)],
    [m.plates.earlier, earlierText(m, read)],
    [m.plates.looks, read.reading ? m.plates.looked(read.reading.looks, read.reading.suppressed) : null],
    [m.plates.received, moment(read.received_at)],
    [
      m.plates.clock,
      read.time_flag !== null && read.camera_time !== null ? m.plates.cameraClock(moment(read.camera_time)) : null,
    ],
  ];
  return (
    <dl className="facts">
      {rows
        .filter(([, value]) => value !== null)
        .map(([term, value]) => (
          <div key={term} className="facts-row">
            <dt>{term}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
};

/** Our own words in the language of who reads, a camera's as it says them; what is not known is not mentioned. */
const vehicleText = (m: Messages, { vehicle }: PlateRead): string | null => {
  const told = (words: Readonly<Record<string, string>>, word: string | null | undefined, share?: number | null) =>
    word === null || word === undefined || word === "" || word === "unknown"
      ? []
      : [`${words[word] ?? word}${share === null || share === undefined ? "" : ` (${Math.round(share * 100)} %)`}`];
  const parts = [
    ...told(m.plates.vehicleTypes, vehicle?.type, vehicle?.type_confidence),
    ...told(m.plates.paints, vehicle?.color, vehicle?.color_confidence),
  ];
  return parts.length === 0 ? null : parts.join(", ");
};

const alternativesText = ({ alternatives, plate: own }: PlateRead): string | null => {
  const others = (alternatives ?? []).filter(({ plate }) => plate !== own);
  return others.length === 0
    ? null
    : others.map(({ plate, confidence }) => `${plateText(plate)} (${Math.round(confidence * 100)} %)`).join(", ");
};

const correctedText = (m: Messages, { plate, correction }: PlateRead): string | null =>
  correction === null || correction.plate === plate
    ? null
    : m.plates.correctedFrom(plate === null ? m.plates.unread : plateText(plate));

const earlierText = (m: Messages, { reading }: PlateReadDetails): string | null =>
  reading === null || reading.earlier.length === 0
    ? null
    : reading.earlier.map(({ plate }) => (plate === null ? m.plates.unread : plateText(plate))).join(", ");
