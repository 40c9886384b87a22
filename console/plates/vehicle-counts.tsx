/** How many vehicles passed, hour by hour and by type, in the last day. */
import { useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { useMessages } from "#console/messages/language.tsx";
import { useAsk } from "#console/session/session-context.tsx";
import { useCity } from "#console/ui/city.tsx";
import { dayText, shortClockText } from "#console/ui/format.ts";
import { Answer, Empty } from "#console/ui/states.tsx";
import { TableBox } from "#console/ui/table-box.tsx";
import { vehicleTypes } from "#lib/wire/vehicles.ts";
import { CameraPick } from "./camera-pick.tsx";
import { hoursOf, type Hour } from "./hours.ts";

const AGAIN_MS = 60_000;

export const VehicleCounts = () => {
  const m = useMessages();
  const ask = useAsk();
  const { city } = useCity();
  const { camera } = useSearch({ strict: false }) as { camera?: string };
  const counts = useQuery({
    queryKey: ["vehicle-counts", city.id, camera ?? "all"],
    queryFn: ({ signal }) =>
      ask("count-vehicles", { cidade_id: city.id, ...(camera ? { camera_id: camera } : {}) }, { signal }),
    refetchInterval: AGAIN_MS,
  });
  return (
    <>
      <div className="reads-filter">
        <CameraPick value={camera} />
      </div>
      <Answer of={counts}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={m.plates.counts.empty} hint={m.plates.counts.emptyHint} />
          ) : (
            <Hours hours={hoursOf(items)} />
          )
        }
      </Answer>
    </>
  );
};

const Hours = ({ hours }: { hours: readonly Hour[] }) => {
  const m = useMessages();
  const { city } = useCity();
  const named = (ms: number): string => shortClockText(m.locale, city.fuso_horario, ms);
  return (
    <>
      <TableBox label={m.plates.counts.title}>
        <thead>
          <tr>
            <th scope="col">{m.plates.counts.hour}</th>
            <th scope="col" className="number">
              {m.plates.counts.total}
            </th>
            {vehicleTypes.map((type) => (
              <th key={type} scope="col" className="number">
                {m.plates.vehicleTypes[type]}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {hours.map(({ hour, total, types }) => (
            <tr key={hour} data-testid="vehicle-hour">
              <th scope="row">
                {named(Date.parse(hour))}{" "}
                <span className="dim small">{dayText(m.locale, city.fuso_horario, Date.parse(hour))}</span>
              </th>
              <td className="number">
                <strong>{total.toLocaleString(m.locale)}</strong>
              </td>
              {vehicleTypes.map((type) => (
                <td key={type} className="number">
                  {types[type].toLocaleString(m.locale)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </TableBox>
      <p className="dim small">{m.plates.counts.note}</p>
    </>
  );
};
